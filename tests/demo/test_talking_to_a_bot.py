"""What people see of an unmodified bot over the wire."""

from __future__ import annotations

import discord
import pytest

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.demo.bots import ack_view, bot_with_commands, ops
from tests.sim import plain_bot, running


async def test_a_bot_is_ready_and_sees_the_guild_and_its_channels(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        guild = bot.get_guild(sim.world.guild.id)
        assert guild is not None
        assert {c.name for c in guild.text_channels} == {"ops", "general"}
        assert {"Viewer", "Operator", "Admin"} <= {r.name for r in guild.roles}


async def test_a_slash_command_is_answered_after_its_thinking(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)):
        result = await sim.world.olga.slash(sim.world.ops, "health", target="summarybot")
        assert result.response is not None
        assert result.response.embeds[0].title == "summarybot is fine"


async def test_autocomplete_offers_what_fits(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)):
        offered = await sim.world.vera.autocomplete(sim.world.ops, "health", "target", "s")
        assert [choice["value"] for choice in offered] == ["summarybot"]


async def test_a_modal_is_shown_and_its_answer_arrives(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)):
        shown = await sim.world.otto.slash(sim.world.ops, "why")
        result = await sim.world.otto.submit_modal(shown, {"why": "a deploy"})
        assert result.response is not None
        assert result.response.content == "because a deploy"


async def test_a_command_that_never_answers_is_not_acknowledged(sim: SimulatedDiscord) -> None:
    sim.env.ack_deadline = 0.3
    async with running(bot_with_commands(sim.world.guild.id)):
        result = await sim.world.olga.slash(sim.world.ops, "mute")
        assert not result.acknowledged


async def test_a_button_still_works_after_the_bot_was_restarted(sim: SimulatedDiscord) -> None:
    async with running(bot_with_commands(sim.world.guild.id)) as bot:
        message = await ops(bot, sim).send("down", view=ack_view(7))
    async with running(bot_with_commands(sim.world.guild.id)):
        result = await sim.world.bob.click(message, custom_id="t:ack:7")
        assert result.response is not None
        assert result.response.content == "bob acknowledged 7 (guild)"
        assert result.ephemeral


async def test_a_wrong_token_is_refused_at_the_login(sim: SimulatedDiscord) -> None:
    with pytest.raises(discord.LoginFailure):
        async with running(plain_bot(), token="stolen"):
            pass
    assert sim.rest.invalid_requests == 1


async def test_a_message_that_is_still_to_come_is_waited_for(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        first = await ops(bot, sim).send("one")
        await ops(bot, sim).send("two")
        found = await sim.wait_for_message(sim.world.ops, lambda m: "o" in m.content, after=first)
        assert found.content == "two"


async def test_a_message_that_never_comes_fails_with_what_there_is(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        await ops(bot, sim).send("something else")
        with pytest.raises(TimeoutError, match="something else"):
            await sim.wait_for_message(sim.world.ops, lambda m: m.content == "x", timeout=0.05)


async def test_an_attachment_is_served_back(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        file = discord.File(fp=__file__, filename="report.txt")
        message = await ops(bot, sim).send("see", file=file)
        assert message.attachments[0].url.startswith("http://127.0.0.1:")
        assert b"served back" in await message.attachments[0].read()
