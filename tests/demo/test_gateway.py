"""The gateway's faults, and what discord.py makes of them."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import pytest

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.bound import BOUND
from tests.demo.bots import bot_with_commands
from tests.sim import plain_bot, running

WATCHING = discord.Intents(guilds=True, guild_messages=True, presences=True)


def impatient(bot: discord.Client) -> None:
    """Without discord.py's pause of 5 s before it identifies again."""

    async def at_once(shard_id: int | None, *, initial: bool = False) -> None: ...

    bot.before_identify_hook = at_once  # type: ignore[method-assign]


async def test_after_a_dropped_connection_the_missed_click_is_delivered(
    sim: SimulatedDiscord,
) -> None:
    async with running(bot_with_commands(sim.world.guild.id)):
        sim.gateway.drop()
        result = await sim.world.olga.slash(sim.world.ops, "health", target="x")
        assert result.acknowledged
        assert sim.gateway.log.count("resumed") == 1
        assert sim.gateway.identifies == 1


async def test_an_invalidated_session_identifies_again(sim: SimulatedDiscord) -> None:
    bot = bot_with_commands(sim.world.guild.id)
    impatient(bot)
    async with running(bot):
        sim.gateway.invalidate()
        await sim.wait_for(lambda: sim.gateway.identifies == 2 and sim.gateway.connected == 1)
        result = await sim.world.olga.slash(sim.world.ops, "health", target="x")
        assert result.acknowledged


async def test_op_7_makes_the_bot_reconnect_and_resume(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()):
        sim.gateway.ask_to_reconnect()
        await sim.wait_for(lambda: "connect" in sim.gateway.log[2:])
        await sim.wait_until_connected()


@pytest.mark.parametrize("code", [4004, 4014])
async def test_a_fatal_close_code_ends_the_bot(sim: SimulatedDiscord, code: int) -> None:
    sim.gateway.close_identify_with = code
    expected = discord.PrivilegedIntentsRequired if code == 4014 else discord.ConnectionClosed
    with pytest.raises(expected):
        async with running(plain_bot()):
            pass


async def test_an_intent_that_was_not_granted_closes_with_4014(sim: SimulatedDiscord) -> None:
    sim.gateway.privileged = {"members"}
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(plain_bot(WATCHING)):
            pass
    assert "closed 4014" in sim.gateway.log


async def test_a_deaf_connection_acknowledges_heartbeats_and_tells_nothing(
    sim: SimulatedDiscord,
) -> None:
    sim.gateway.heartbeat_ms = 100
    sim.env.ack_deadline = 0.3
    async with running(bot_with_commands(sim.world.guild.id)) as bot:
        sim.gateway.deafen()
        result = await sim.world.olga.slash(sim.world.ops, "health", target="x")
        assert not result.acknowledged
        beats = sim.gateway.log.count("heartbeat")
        await sim.wait_for(lambda: sim.gateway.log.count("heartbeat") > beats + 1)
        assert bot.latency < 1.0
        sim.gateway.drop()
        heard = await sim.world.olga.slash(sim.world.ops, "health", target="x")
        assert heard.acknowledged


async def test_without_heartbeat_acknowledgements_the_bot_reconnects(
    sim: SimulatedDiscord,
) -> None:
    sim.gateway.heartbeat_ms = 100
    sim.gateway.answer_heartbeats = False
    bot = plain_bot()
    bot._connection.heartbeat_timeout = 0.3
    async with running(bot):
        await sim.wait_for(lambda: "resume" in sim.gateway.log)


async def test_a_refused_gateway_is_tried_again(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()):
        sim.gateway.refusals = 1
        sim.gateway.drop()
        await sim.wait_for(lambda: "resumed" in sim.gateway.log, timeout=BOUND)
        assert "refused" in sim.gateway.log


async def test_a_clean_goodbye_ends_the_session_and_a_drop_does_not(sim: SimulatedDiscord) -> None:
    async with aiohttp.ClientSession() as http:
        for code, sessions_left in ((1000, 0), (4000, 1)):
            async with http.ws_connect(sim.gateway_url) as socket:
                identify = {"token": sim.token, "intents": 0}
                await socket.send_json({"op": 2, "d": identify})
                await sim.wait_until_connected()
                await socket.close(code=code)
            await sim.wait_for(lambda: sim.gateway.connected == 0)
            assert len(sim.gateway.sessions) == sessions_left


async def test_presences_are_polled_without_the_members_intent(sim: SimulatedDiscord) -> None:
    watched = sim.world.add_bot("summarybot")
    sim.presences.set(watched.id, "online")
    async with running(plain_bot(WATCHING)) as bot:
        guild = bot.get_guild(sim.world.guild.id)
        assert guild is not None
        found = await guild.query_members(user_ids=[watched.id], presences=True, cache=False)
        assert [(m.name, m.raw_status) for m in found] == [("summarybot", "online")]


async def test_a_presence_update_is_told_only_to_who_asked_for_presences(
    sim: SimulatedDiscord,
) -> None:
    watched = sim.world.add_bot("summarybot")
    seen: list[Any] = []
    bot = plain_bot(WATCHING)

    @bot.event
    async def on_raw_presence_update(payload: discord.RawPresenceUpdateEvent) -> None:
        seen.append(payload)
        sim.changes.notify()

    async with running(plain_bot()), running(bot):
        sim.presences.set(watched.id, "dnd")
        await sim.wait_for(lambda: seen)
        assert seen[0].user_id == watched.id
        told = [len(s.kept("PRESENCE_UPDATE")) for s in sim.gateway.sessions.values()]
        assert sorted(told) == [0, 1]


async def test_the_session_start_limit_can_be_read_and_counts_identifies(
    sim: SimulatedDiscord,
) -> None:
    async with running(plain_bot()):
        headers = {"Authorization": f"Bot {sim.token}"}
        address = f"{sim.rest_url}/gateway/bot"
        async with aiohttp.ClientSession(headers=headers) as http, http.get(address) as answer:
            assert (await answer.json())["session_start_limit"]["remaining"] == 999
