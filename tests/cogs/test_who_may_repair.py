"""Restart, stop, start, rotate, adopt: admins alone, asked again right before anything is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest

from cogs._ui.gate import needed
from opsbot.domain.access import Permission
from opsbot.engine.access import REFUSAL
from opsbot.runtime.port import TargetInfo
from opsbot.testing.operations import FakeOperations
from tests.cogs.stage import CLOCK, Stage, refused, said
from tests.cogs.test_restart import answers, press
from tests.cogs.test_rotate import RISKY
from tests.cogs.test_who_may import VALUES, every_command, nothing_happened

ADMINS = ("adopt", "restart", "rotate")
OTHERS = ("audit", "diagnostics", "drill", "profile", "reload")


def everything(command: discord.app_commands.Command[Any, ..., Any]) -> dict[str, Any]:
    """All options, those that may be left out too."""
    return {p.display_name: VALUES[p.type] for p in command.parameters if not p.choices}


async def test_an_operator_is_refused_by_every_command_for_admins(up: Stage) -> None:
    commands = [c for c in every_command(up.bot) if needed(c) is Permission.ADMINISTER]
    assert sorted(command.qualified_name for command in commands) == sorted((*ADMINS, *OTHERS))
    for command in commands:
        result = await up.world.otto.forge_slash(up.world.ops, command.name, **everything(command))
        assert refused(result), command.name
    assert [call.verb for call in up.operations.refusals] == [command.name for command in commands]
    assert nothing_happened(up)


async def test_an_operator_may_stop_and_start_as_little_as_restart(up: Stage) -> None:
    for action in ("stop", "start", "restart"):
        asked = await up.world.otto.forge_slash(up.world.ops, "restart", reason="x", action=action)
        assert refused(asked)
    assert nothing_happened(up)


async def test_who_administers_the_server_alone_is_offered_no_target(up: Stage) -> None:
    everything = discord.Permissions(administrator=True)
    chief = up.world.add_person("chief", up.world.guild.create_role("Chief", permissions=everything))
    for name in ADMINS:
        assert await chief.autocomplete(up.world.ops, name, "target", "") == []
        assert await up.world.olga.autocomplete(up.world.ops, name, "target", "") != []


async def test_a_role_taken_away_after_the_question_stops_the_rotation(up: Stage) -> None:
    up.operations.plan = RISKY
    asked = await up.world.olga.slash(up.world.ops, "rotate", keep=1)
    up.sim.backend.remove_member_role(up.world.guild.id, up.world.olga.id, up.world.admin.id)
    assert refused(await press(up.world.olga, asked, "Confirm"))
    assert up.operations.asked("rotate") == []


async def test_the_question_of_a_rotation_is_answered_by_whoever_was_asked(up: Stage) -> None:
    up.operations.plan = RISKY
    asked = await up.world.olga.slash(up.world.ops, "rotate")
    adam = up.world.add_person("adam", up.world.admin)
    assert asked.response is not None
    for label in ("Confirm", "Cancel"):
        assert refused(await adam.forge_click(asked.response, answers(asked)[label]))
    assert up.operations.asked("rotate") == []


async def test_of_two_open_questions_each_confirms_its_own(up: Stage) -> None:
    up.operations.plan = RISKY
    restart = await up.world.olga.slash(up.world.ops, "restart", reason="stuck")
    rotation = await up.world.olga.slash(up.world.ops, "rotate", keep=2)
    with up.sim.env.in_a_hurry():
        await press(up.world.olga, rotation, "Confirm")
    await up.sim.wait_for(lambda: up.operations.asked("follow"))
    assert [call.detail for call in up.operations.asked("rotate")] == ["0 2"]
    assert up.operations.asked("restart") == []
    await up.operations.end(1)
    assert "cancelled the restart" in said(await press(up.world.olga, restart, "Cancel"))


@pytest.mark.parametrize(("name", "options"), [("rotate", {}), ("adopt", {"pid": 4711})])
async def test_rules_that_change_while_it_is_prepared_are_heeded(
    stage: Stage, name: str, options: dict[str, Any]
) -> None:
    class Reloading(FakeOperations):
        """The rules change once the command was let in."""

        def targets(self) -> tuple[TargetInfo, ...]:
            stage.bot.access = replace(stage.rules(), admins=frozenset())
            return FakeOperations.targets(self)

    stage.operations = Reloading(CLOCK, lookalikes=((4711, "it runs elsewhere"),))
    async with stage.running():
        result = await stage.world.olga.slash(stage.world.ops, name, **options)
        assert REFUSAL in said(result)
        assert all(answer.ephemeral for answer in result.followups)
        assert stage.operations.asked(name) == []
        assert stage.operations.refusals[0].verb == name
