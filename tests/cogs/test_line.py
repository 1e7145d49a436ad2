"""Logging in, again and again or never: and what is said of a server that is not set up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import discord
import pytest

from opsbot.bot.client import OpsBot
from opsbot.bot.line import DiscordLine
from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError, DiscordRefused
from opsbot.testing import VirtualClock
from tests.bound import BOUND
from tests.cogs.stage import CLOCK, Stage


class NoticingClock(VirtualClock):
    """Says when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.set()
        await super().sleep(seconds)


@asynccontextmanager
async def held(stage: Stage, **changed: Any) -> AsyncIterator[DiscordLine]:
    """A line that is kept up in the background, ready."""
    line = DiscordLine(CLOCK)
    running = asyncio.create_task(line.run(lambda: stage.make(**changed), stage.sim.token))
    try:
        await stage.sim.wait_for(lambda: len(stage.usable) >= 2)
        yield line
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_line_carries_messages_while_a_bot_is_logged_in(stage: Stage) -> None:
    async with held(stage) as line:
        number = await line.send(stage.world.ops.id, Payload(content="down"))
        await line.edit(stage.world.ops.id, number, Payload(content="up"))
        assert [m.content for m in stage.sim.messages(stage.world.ops)] == ["up"]
    with pytest.raises(DeliveryError) as caught:
        await line.send(stage.world.ops.id, Payload(content="late"))
    assert not caught.value.permanent


async def test_a_wrong_token_is_one_sentence_and_one_request(stage: Stage) -> None:
    with pytest.raises(DiscordRefused, match="refused the token in OPSBOT_DISCORD_TOKEN"):
        await DiscordLine(CLOCK).run(stage.make, "stolen")
    assert len(stage.sim.requests) == 1


@pytest.mark.parametrize(("code", "said"), [(4004, "refused the token"), (4014, "refused the bot's intents")])
async def test_a_gateway_that_refuses_for_good_is_not_asked_again(stage: Stage, code: int, said: str) -> None:
    stage.sim.gateway.close_identify_with = code
    with pytest.raises(DiscordRefused, match=said):
        await DiscordLine(CLOCK).run(stage.make, stage.sim.token)
    assert stage.sim.gateway.log.count("connect") == 1


async def test_a_discord_that_is_down_at_the_login_is_tried_again_with_a_fresh_bot(stage: Stage) -> None:
    clock = NoticingClock()
    await stage.sim.refuse_connections()
    line = DiscordLine(clock)
    running = asyncio.create_task(line.run(stage.make, stage.sim.token))
    await clock.slept.wait()
    await stage.sim.accept_connections()
    await clock.advance(1)
    await stage.sim.wait_for(lambda: len(stage.usable) >= 2)
    assert len(stage.bots) == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_commands_are_registered_for_the_guild_with_one_request(stage: Stage) -> None:
    async with stage.running():
        names = {c["name"] for c in stage.sim.backend.commands[stage.world.guild.id].values()}
        assert names == {
            "health", "pause", "resume", "metrics", "incidents", "monitoring", "restart", "rotate", "adopt",
            "drill", "reload", "logs", "report", "audit", "silence", "maintenance", "deploy", "runbook",
            "diagnostics", "profile", "Acknowledge incident",
        }  # fmt: skip
        assert len(stage.sim.requests.of("*", "*commands*")) == 1
    left = stage.sim.rules.creations_left
    async with stage.running():
        assert stage.sim.rules.creations_left == left


async def test_a_server_that_is_set_up_has_no_problems(up: Stage) -> None:
    assert up.problems == []


async def test_a_guild_that_the_bot_is_not_in_is_named_with_the_invite_link(stage: Stage) -> None:
    async with stage.running(access=replace(stage.rules(), guild_id=4321)):
        await stage.sim.wait_for(lambda: stage.problems)
    assert len(stage.problems) == 1
    assert "not a member of guild 4321" in stage.problems[0]
    assert "oauth2/authorize?client_id=" in stage.problems[0]
    assert "guild_id=4321" in stage.problems[0]


async def test_an_unknown_channel_and_unknown_roles_are_named(stage: Stage) -> None:
    rules = replace(stage.rules(), admins=frozenset({99}))
    async with stage.running(channel_id=1234, access=rules, ping_roles=frozenset({98})):
        await stage.sim.wait_for(lambda: len(stage.problems) == 3)
    channel, admin, ping = stage.problems
    assert "no channel 1234" in channel
    assert "`discord.roles.admin` names role 99" in admin
    assert "`discord.mention_roles` or `on_call_role` names role 98" in ping


async def test_a_missing_permission_is_named_with_its_remedy(stage: Stage) -> None:
    deny = discord.PermissionOverwrite(embed_links=False, mention_everyone=False)
    channel = stage.world.guild.create_text_channel("dark", overwrites={stage.world.guild.default_role: deny})
    async with stage.running(channel_id=channel.id):
        await stage.sim.wait_for(lambda: len(stage.problems) == 2)
    assert "Embed Links" in stage.problems[0]
    assert "Send Messages" not in stage.problems[0]
    assert "channel settings → Permissions" in stage.problems[0]
    assert "will not ping role" in stage.problems[1]


async def test_commands_that_discord_did_not_take_are_tried_again_when_ready(stage: Stage) -> None:
    stage.sim.faults.error("PUT", "*commands", status=503)
    async with stage.running():
        await stage.sim.wait_for(lambda: stage.sim.backend.commands.get(stage.world.guild.id))
    assert stage.problems == []


@pytest.mark.parametrize(
    ("status", "code", "said"), [(403, 50001, "invite it again with https://"), (503, 0, "tries again")]
)
async def test_commands_that_discord_never_takes_are_a_problem_with_a_remedy(
    stage: Stage, status: int, code: int, said: str
) -> None:
    stage.sim.faults.error("PUT", "*commands", status=status, code=code, times=None)
    async with stage.running():
        await stage.sim.wait_for(lambda: stage.problems)
        assert said in stage.problems[0]
        await stage.bot.transport.send(stage.world.ops.id, Payload(content="alerts go on"))
    assert len(stage.problems) == 1


async def test_a_broken_cog_costs_its_commands_and_nothing_else(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsbot.bot.client.registry.kinds", lambda _: ["health", "no_such_cog"])
    async with stage.running() as bot:
        assert isinstance(bot, OpsBot)
        assert set(bot.cogs) == {"Health"}
    assert "cogs/no_such_cog.py" in stage.problems[0]


async def test_a_goodbye_that_nobody_answers_does_not_hold_up_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        """The other side says nothing more."""

        async def read(self) -> None:
            await asyncio.Event().wait()

    async with asyncio.timeout(BOUND):  # a WebSocket may wait for 30 s
        async with held(stage) as line:
            assert line.bot is not None
            monkeypatch.setattr(line.bot.ws.socket, "_reader", Silent())
    assert stage.bot.is_closed()
