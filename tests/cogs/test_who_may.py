"""Whoever may not gets one private sentence, from every command and every button, and nothing happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import discord
import pytest
from discord import app_commands

from cogs._ui.gate import needed
from opsbot.bot.client import OpsBot
from opsbot.demo.discord_sim.people import Person
from opsbot.domain.access import Permission
from opsbot.engine.access import REFUSAL
from opsbot.runtime.port import TargetInfo
from opsbot.testing.operations import FakeOperations
from tests.cogs.stage import CLOCK, Stage, refused, said
from tests.sim import running

LINES = {"ack": "opsbot:ack:7", "restart": "opsbot:restart:7"}
SOME_KEYS = ("7", "7:900", "A" * 16, f"{'A' * 16}:1:done")
VALUES: dict[discord.AppCommandOptionType, Any] = {
    discord.AppCommandOptionType.boolean: True,
    discord.AppCommandOptionType.string: "x",
    discord.AppCommandOptionType.integer: 5,
}


def every_command(bot: OpsBot) -> Iterator[app_commands.Command[Any, ..., Any]]:
    """All that can be typed, subcommands too."""
    for command in bot.tree.walk_commands(guild=bot.guild):
        if isinstance(command, app_commands.Command):
            yield command


def some_options(command: app_commands.Command[Any, ..., Any]) -> dict[str, Any]:
    return {p.display_name: VALUES[p.type] for p in command.parameters if p.required}


def some_id(button: type[discord.ui.DynamicItem[Any]]) -> str:
    """A custom_id that the button takes for its own."""
    template = button.__discord_ui_compiled_template__
    word = template.pattern.split(":")[1]
    return next(f"opsbot:{word}:{i}" for i in SOME_KEYS if template.fullmatch(f"opsbot:{word}:{i}"))


def nothing_happened(up: Stage) -> bool:
    return up.operations.calls == []


async def test_an_outsider_is_refused_by_every_registered_command(up: Stage) -> None:
    commands = list(every_command(up.bot))
    assert len(commands) >= 9
    for command in commands:
        name, options = command.qualified_name, some_options(command)
        result = await up.world.bob.forge_slash(up.world.ops, name, **options)
        assert refused(result), name
        assert up.operations.refusals[-1].verb == name
    assert len(up.operations.refusals) == len(commands)
    assert nothing_happened(up)


async def test_an_outsider_is_refused_by_every_button(up: Stage) -> None:
    assert len(up.bot.buttons) >= 4
    for button in up.bot.buttons:
        custom_id = some_id(button)
        message = await up.with_buttons(custom_id)
        result = await up.world.bob.click(message, custom_id=custom_id)
        assert refused(result), button
    assert len(up.operations.refusals) == len(up.bot.buttons)
    assert nothing_happened(up)


async def test_an_outsider_is_refused_by_every_modal(up: Stage) -> None:
    assert len(up.bot.modals) >= 2
    for word in up.bot.modals:
        assert refused(await up.world.bob.forge_modal(up.world.ops, f"opsbot:{word}:7", {"why": "x"})), word
    assert len(up.operations.refusals) == len(up.bot.modals)
    assert nothing_happened(up)


async def test_an_outsider_is_refused_by_every_command_in_a_messages_menu(up: Stage) -> None:
    menus = up.bot.tree.get_commands(guild=up.bot.guild, type=discord.AppCommandType.message)
    message = await up.alarm()
    up.operations.calls.clear()
    assert [menu.name for menu in menus] != []
    for menu in menus:
        assert refused(await up.world.bob.context_menu(up.world.ops, menu.name, message)), menu.name
        assert up.operations.refusals[-1].verb == menu.name
    assert nothing_happened(up)


async def test_an_outsider_is_suggested_nothing_by_any_option(up: Stage) -> None:
    asked = 0
    for command in every_command(up.bot):
        for option in command.parameters:
            if option.autocomplete and command.default_permissions is None:
                offered = await up.world.bob.autocomplete(
                    up.world.ops, command.qualified_name, option.display_name, ""
                )
                assert offered == []
                asked += 1
    assert asked >= 6
    assert nothing_happened(up)


async def test_an_administrator_of_the_server_without_the_role_is_an_outsider(up: Stage) -> None:
    everything = discord.Permissions(administrator=True)
    chief = up.world.add_person("chief", up.world.guild.create_role("Chief", permissions=everything))
    assert refused(await chief.slash(up.world.ops, "restart", reason="x"))
    assert await chief.autocomplete(up.world.ops, "restart", "target", "") == []
    assert nothing_happened(up)


async def test_every_command_has_a_permission_and_changes_need_more_than_looking(up: Stage) -> None:
    takes = {command.qualified_name: needed(command) for command in every_command(up.bot)}
    assert None not in takes.values()
    looking = {"health", "metrics", "report", "monitoring list", "silence list", "maintenance list"}
    looking |= {f"incidents {name}" for name in ("list", "show", "muted")}
    assert {name for name, level in takes.items() if level is Permission.VIEW} == looking
    assert takes["restart"] is Permission.ADMINISTER


async def test_a_command_that_forgot_its_permission_is_refused_to_everybody(stage: Stage) -> None:
    bot = stage.make()

    @bot.tree.command(description="Careless", guild=bot.guild)
    async def careless(interaction: discord.Interaction[OpsBot]) -> None:
        await interaction.response.send_message("done")

    async with running(bot):
        assert refused(await stage.world.olga.slash(stage.world.ops, "careless"))


@pytest.mark.parametrize("name", ["pause", "resume", "monitoring pause"])
async def test_who_may_look_may_not_change(up: Stage, name: str) -> None:
    options: dict[str, Any] = {"minutes": 5, "reason": "x"} if name == "pause" else {}
    options |= {"loop": "logs"} if "monitoring" in name else {}
    assert refused(await up.world.vera.slash(up.world.ops, name, **options))
    assert nothing_happened(up)


async def test_an_operator_may_not_restart(up: Stage) -> None:
    message = await up.alarm()
    up.operations.calls.clear()
    assert refused(await up.world.otto.forge_slash(up.world.ops, "restart", reason="x"))
    assert refused(await up.world.otto.click(message, custom_id=LINES["restart"]))
    assert nothing_happened(up)


async def test_a_role_of_the_same_name_is_another_role(up: Stage) -> None:
    twin = up.world.add_person("twin", up.world.guild.create_role("Admin"))
    message = await up.alarm()
    up.operations.calls.clear()
    assert refused(await twin.click(message, custom_id=LINES["ack"]))
    assert refused(await twin.slash(up.world.ops, "health"))
    assert nothing_happened(up)


async def test_the_button_in_another_guild_is_refused(up: Stage) -> None:
    message = await up.alarm()
    other = up.world.add_guild("Elsewhere")
    channel = other.create_text_channel("ops")
    boss = up.world.add_person("boss", other.create_role("Admin"), guild=other)
    up.operations.calls.clear()
    assert refused(await boss.forge_click(message, LINES["ack"], channel=channel))
    assert "guild" in up.operations.refusals[0].detail
    assert nothing_happened(up)


async def test_a_direct_message_and_a_user_install_are_refused(up: Stage) -> None:
    message = await up.alarm()
    up.operations.calls.clear()
    assert refused(await up.world.olga.forge_dm_click(message, LINES["ack"]))
    assert refused(await up.world.olga.forge_user_install_slash("health", target="summarybot"))
    assert ["direct message" in call.detail for call in up.operations.refusals] == [True, True]
    assert nothing_happened(up)


async def test_a_bot_with_the_role_is_refused(up: Stage) -> None:
    message = await up.alarm()
    robot = up.sim.env.create_user("robot", bot=True)
    up.world.guild.add_member(robot, roles=(up.world.admin,))
    up.operations.calls.clear()
    person = Person(up.sim.env, up.world.guild, robot)
    assert refused(await person.forge_click(message, LINES["ack"]))
    assert nothing_happened(up)


async def test_changes_are_refused_outside_the_configured_channels(stage: Stage) -> None:
    rules = replace(stage.rules(), channels=frozenset({stage.world.ops.id}))
    async with stage.running(access=rules):
        elsewhere = stage.world.general
        assert refused(await stage.world.otto.slash(elsewhere, "resume"))
        assert not refused(await stage.world.otto.slash(elsewhere, "health"))
        assert not refused(await stage.world.otto.slash(stage.world.ops, "resume"))


async def test_rules_that_change_while_the_answer_is_prepared_are_heeded(stage: Stage) -> None:
    nobody = replace(stage.rules(), operators=frozenset(), admins=frozenset())

    class Reloading(FakeOperations):
        def targets(self) -> tuple[TargetInfo, ...]:
            stage.bot.access = nobody
            return FakeOperations.targets(self)

    stage.operations = Reloading(CLOCK)
    async with stage.running():
        result = await stage.world.otto.slash(stage.world.ops, "pause", minutes=5, reason="x")
        assert REFUSAL in said(result)
        assert all(answer.ephemeral for answer in result.followups)
        assert stage.operations.asked("pause") == []
        assert stage.operations.refusals[0].verb == "pause"


@pytest.mark.parametrize(
    "custom_id",
    [
        "opsbot:ack:0",
        "opsbot:ack:7; rm -rf /",
        "opsbot:ack:٧",
        "opsbot:ack:" + "9" * 40,
        "opsbot:ack:",
        "opsbot:nothing:7",
        "OPSBOT:ACK:7",
        "something:else",
        "opsbot:confirm:short",
    ],
)
async def test_a_malformed_button_is_refused_like_an_outsider(up: Stage, custom_id: str) -> None:
    message = await up.with_buttons(custom_id)
    assert refused(await up.world.olga.click(message, custom_id=custom_id))
    assert refused(await up.world.bob.click(message, custom_id=custom_id))
    assert nothing_happened(up)


async def test_an_incident_that_does_not_exist_is_refused_like_an_outsider(up: Stage) -> None:
    message = await up.with_buttons("opsbot:ack:999", "opsbot:restart:999")
    for custom_id in ("opsbot:ack:999", "opsbot:restart:999"):
        assert refused(await up.world.olga.click(message, custom_id=custom_id))
    assert [call.verb for call in up.operations.refusals] == ["acknowledge", "restart"]


async def test_a_button_that_its_message_does_not_have_is_refused(up: Stage) -> None:
    message = await up.alarm()
    assert refused(await up.world.olga.forge_click(message, "opsbot:ack:8"))
    assert refused(await up.world.olga.forge_click(message, LINES["ack"], component_type=3, values=["x"]))
    assert up.operations.asked("acknowledge") == []


@pytest.mark.parametrize(
    "custom_id", ["opsbot:ack:7", "opsbot:ack-why:0", "opsbot:ack-why:7:8", "opsbot:ack-why:٧", "other", ""]
)
async def test_a_modal_that_opsbot_does_not_have_is_refused(up: Stage, custom_id: str) -> None:
    result = await up.world.olga.forge_modal(up.world.ops, custom_id, {"why": "x"})
    assert refused(result)
    assert up.operations.refusals[0].detail == "a forged or unknown modal"
    assert nothing_happened(up)
