"""Deadlines of interactions, and requests that no honest client makes."""

from __future__ import annotations

import asyncio

import discord
import pytest
from discord.ext import commands
from simcord.backend.errors import SetupError

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.demo.bots import AckButton, ack_view, bot_with_commands, ops
from tests.sim import plain_bot, running


def answering(sim: SimulatedDiscord, *, late: float = 0.0, times: int = 1) -> tuple[commands.Bot, list[int]]:
    """A bot whose `/go` answers `times` times, `late` seconds late; and the errors it got."""
    bot, codes = plain_bot(), list[int]()
    guild = discord.Object(sim.world.guild.id)

    @bot.tree.command(description="Go", guild=guild)
    async def go(interaction: discord.Interaction) -> None:
        await asyncio.sleep(late)
        for _ in range(times):
            try:
                await interaction.response.send_message("done")
            except discord.HTTPException as error:
                codes.append(error.code)
            # discord.py itself forbids a second answer; only Discord's refusal is of interest here
            interaction.response._response_type = None
        sim.changes.notify()

    async def sync() -> None:
        await bot.tree.sync(guild=guild)

    bot.setup_hook = sync  # type: ignore[method-assign]
    return bot, codes


async def test_a_late_answer_finds_the_interaction_gone(sim: SimulatedDiscord) -> None:
    sim.env.ack_deadline = 0.1
    bot, codes = answering(sim, late=0.2)
    async with running(bot):
        result = await sim.world.olga.slash(sim.world.ops, "go")
        await sim.wait_for(lambda: codes)
        assert codes == [10062]
        assert not result.acknowledged


async def test_a_second_answer_is_refused(sim: SimulatedDiscord) -> None:
    bot, codes = answering(sim, times=2)
    async with running(bot):
        result = await sim.world.olga.slash(sim.world.ops, "go")
        await sim.wait_for(lambda: codes)
        assert codes == [40060]
        assert result.acknowledged


async def test_an_honest_client_hides_what_a_member_may_not_use(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)):
        with pytest.raises(SetupError, match="not visible"):
            await sim.world.bob.slash(sim.world.ops, "restart")
        result = await sim.world.olga.slash(sim.world.ops, "restart")
        assert result.acknowledged


async def test_a_hidden_command_can_be_forged(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)):
        result = await sim.world.bob.forge_slash(sim.world.ops, "restart")
        assert result.response is not None
        assert result.response.content == "refused for bob"


async def test_any_custom_id_can_be_forged_on_any_message(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)) as bot:
        message = await ops(bot, sim).send("no button here")
        result = await sim.world.bob.forge_click(message, "t:ack:99")
        assert result.response is not None
        assert result.response.content == "bob acknowledged 99 (guild)"


async def test_a_click_can_come_from_another_guild(sim: SimulatedDiscord) -> None:
    elsewhere = sim.world.add_guild("Elsewhere")
    channel = elsewhere.create_text_channel("ops")
    mallory = sim.world.add_person("mallory", guild=elsewhere)
    bot = plain_bot()
    bot.add_dynamic_items(AckButton)
    seen: list[int | None] = []

    @bot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        seen.append(interaction.guild_id)

    async with running(bot):
        message = await ops(bot, sim).send("down", view=ack_view(3))
        await mallory.forge_click(message, "t:ack:3", channel=channel)
        assert seen == [elsewhere.id]


async def test_a_click_can_come_from_a_private_chat(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)) as bot:
        message = await ops(bot, sim).send("down", view=ack_view(3))
        result = await sim.world.bob.forge_dm_click(message, "t:ack:3")
        assert result.response is not None
        assert result.response.content == "bob acknowledged 3 (private)"


async def test_a_command_can_come_from_a_user_install(sim: SimulatedDiscord) -> None:
    bot = plain_bot()
    contexts: list[tuple[bool, bool]] = []

    @bot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        contexts.append((interaction.context.private_channel, interaction.is_user_integration()))

    async with running(bot):
        sim.env.ack_deadline = 0.1
        await sim.world.bob.forge_user_install_slash("health", target="x")
        assert contexts == [(True, True)]


async def test_a_modal_that_was_never_shown_can_be_forged(sim: SimulatedDiscord) -> None:
    bot = plain_bot()
    seen: list[str] = []

    @bot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        seen.append(str(interaction.data))

    async with running(bot):
        sim.env.ack_deadline = 0.1
        await sim.world.bob.forge_modal(sim.world.ops, "opsbot:reason", {"why": "because"})
        assert "'custom_id': 'opsbot:reason'" in seen[0]


async def test_two_people_click_at_the_same_time(sim: SimulatedDiscord) -> None:
    world = sim.world
    async with running(bot_with_commands(world.guild.id)) as bot:
        message = await ops(bot, sim).send("down", view=ack_view(1))
        async with asyncio.TaskGroup() as tasks:
            clicks = [tasks.create_task(p.click(message, custom_id="t:ack:1")) for p in world.people]
        answers = [click.result().response for click in clicks]
        assert [a and a.content.split()[0] for a in answers] == [p.name for p in world.people]
