"""The gateway check, fed with what discord.py 2.7.1 writes."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import discord.client
import discord.gateway
import discord.shard
import pytest

from opsbot.checks._gateway_lines import SHAPES
from opsbot.checks.base import Check
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Observation
from opsbot.testing import VirtualClock
from tests.checks.support import build, context, only
from tests.logs.support import line, write

READY = line(message="Bot is ready! Logged in as summarizer-ng#1378", logger="src.discord_bot.events")


def lib(message: str, level: str = "INFO", logger: str = "discord.gateway", ago: float = 0.0) -> str:
    return line(level, message, logger, ago)


CONNECTED = lib("Shard ID None has connected to Gateway (Session ID: 0123abcd).")
RESUMED = lib("Shard ID None has successfully RESUMED session 0123abcd.")
INVALIDATED = lib("Shard ID None session has been invalidated.")
RECONNECT = lib("Attempting a reconnect in 1.23s", "ERROR", "discord.client")
BLOCKED = lib("Shard ID None heartbeat blocked for more than 10 seconds.", "WARNING")
LOGIN = lib("logging in using static token", logger="discord.client")


class Gateway:
    """A check and its log."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bot.log"
        self.clock = VirtualClock()
        self.check: Check = build("gateway", context(clock=self.clock), path=self.path)

    async def after(self, *written: str) -> Observation:
        write(self.path, *written)
        return await self.check.look()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    await made.check.close()


async def test_a_ready_bot_is_told_as_in_the_guides_report(gateway: Gateway) -> None:
    seen = await gateway.after(LOGIN, CONNECTED, READY, line(message="Synced 12 commands"))
    assert seen.outcome is Outcome.OK
    assert (only(seen).label, only(seen).text) == ("Gateway Connection", f"Last ready: {READY[:19]}")
    assert "Synced 12 commands" in seen.detail
    assert "DEBUG only" in seen.detail
    assert seen.metrics["gateway_connected"] == 1
    assert seen.metrics["gateway_last_event_age_seconds"] == pytest.approx(0, abs=1)


async def test_a_log_that_says_nothing_is_unknown(gateway: Gateway) -> None:
    seen = await gateway.after(line(message="create_summary"))
    assert seen.outcome is Outcome.UNKNOWN
    assert "gateway_connected" not in seen.metrics


@pytest.mark.parametrize(
    "lost",
    [
        INVALIDATED,
        RECONNECT,
        lib("Attempting a reconnect for shard ID None in 0.50s", "ERROR", "discord.shard"),
        lib("Shard ID None has stopped responding to the gateway. Closing and restarting.", "WARNING"),
        lib("Websocket closed with 1006, attempting a reconnect.", "DEBUG"),
        lib("Timed out receiving packet. Attempting a reconnect.", "DEBUG"),
        BLOCKED,
    ],
)
@pytest.mark.parametrize("found", [CONNECTED, RESUMED, READY])
async def test_a_loss_fails_until_a_ready_or_a_resume(gateway: Gateway, lost: str, found: str) -> None:
    await gateway.after(READY)
    assert (await gateway.after(lost)).outcome is Outcome.FAIL
    assert (await gateway.after(line())).metrics["gateway_connected"] == 0
    seen = await gateway.after(found)
    assert (seen.outcome, seen.metrics["gateway_connected"]) == (Outcome.OK, 1)


async def test_a_row_of_failed_reconnects_is_one_disconnection(gateway: Gateway) -> None:
    await gateway.after(LOGIN, CONNECTED, READY)
    seen = await gateway.after(RECONNECT * 5, RESUMED, INVALIDATED, CONNECTED)
    assert seen.metrics["gateway_disconnects_total"] == 2
    assert seen.metrics["gateway_resumes_total"] == 1


async def test_a_resume_tells_of_a_close_that_was_not_logged(gateway: Gateway) -> None:
    await gateway.after(LOGIN, CONNECTED, READY)
    seen = await gateway.after(RESUMED, RESUMED)
    assert seen.metrics["gateway_disconnects_total"] == 2
    assert "Last ready" in only(seen).text


async def test_what_was_before_the_first_look_is_known_but_not_counted(gateway: Gateway) -> None:
    seen = await gateway.after(READY, INVALIDATED)
    assert seen.outcome is Outcome.FAIL
    assert seen.metrics["gateway_disconnects_total"] == 0


async def test_a_restarted_bot_starts_afresh(gateway: Gateway) -> None:
    await gateway.after(CONNECTED, READY, RECONNECT)
    connecting = await gateway.after(LOGIN)
    assert connecting.outcome is Outcome.DEGRADED
    seen = await gateway.after(CONNECTED)
    assert (seen.outcome, seen.metrics["gateway_disconnects_total"]) == (Outcome.OK, 0)


async def test_a_login_that_takes_too_long_fails(gateway: Gateway) -> None:
    await gateway.after(LOGIN)
    await gateway.clock.advance(61)
    assert (await gateway.after(line())).outcome is Outcome.FAIL


async def test_a_blocked_heartbeat_is_over_when_its_warnings_stop(gateway: Gateway) -> None:
    await gateway.after(READY)
    assert (await gateway.after(BLOCKED)).outcome is Outcome.FAIL
    await gateway.clock.advance(61)
    seen = await gateway.after(line())
    assert (seen.outcome, seen.metrics["gateway_disconnects_total"]) == (Outcome.OK, 0)


async def test_one_lost_shard_of_several_fails(gateway: Gateway) -> None:
    up = [CONNECTED.replace("None", str(n)) for n in range(3)]
    await gateway.after(LOGIN, *up)
    lost = lib("Attempting a reconnect for shard ID 1 in 2.00s", "ERROR", "discord.shard")
    seen = await gateway.after(lost)
    assert seen.outcome is Outcome.FAIL
    assert only(seen).text.startswith("shard 1: lost since")
    assert (await gateway.after(RESUMED.replace("None", "1"))).outcome is Outcome.OK


@pytest.mark.parametrize(
    "quoted",
    [
        line(message="Shard ID None session has been invalidated."),
        lib("user said: Shard ID None session has been invalidated."),
        line(message="create_summary text=Attempting a reconnect in 1.00s"),
    ],
)
async def test_a_text_that_only_quotes_a_loss_is_not_believed(gateway: Gateway, quoted: str) -> None:
    await gateway.after(READY)
    assert (await gateway.after(quoted)).outcome is Outcome.OK


async def test_a_text_that_only_quotes_ready_does_not_hide_a_loss(gateway: Gateway) -> None:
    await gateway.after(READY, RECONNECT)
    assert (await gateway.after(line(message="create_summary text=Bot is ready"))).outcome is Outcome.FAIL


async def test_a_log_without_times_is_followed_too(gateway: Gateway) -> None:
    await gateway.after("discord.gateway - INFO - Shard ID None has connected to Gateway\n")
    seen = await gateway.after(
        "src.discord_bot.events - INFO - Bot is ready! Logged in as summarizer-ng#1378\n"
    )
    assert (seen.outcome, only(seen).text) == (Outcome.OK, "Last ready: time not logged")


async def test_a_missing_log_is_told_and_one_that_is_being_rotated_changes_nothing(gateway: Gateway) -> None:
    assert "does not exist" in (await gateway.check.look()).detail
    await gateway.after(READY)
    gateway.path.rename(gateway.path.with_name("bot.log.1"))
    assert (await gateway.check.look()).outcome is Outcome.OK


def test_the_installed_library_writes_every_line_that_is_looked_for() -> None:
    modules: list[ModuleType] = [discord.client, discord.gateway, discord.shard]
    source = "\n".join(inspect.getsource(module) for module in modules)
    texts = [
        re.sub(r"%[a-z.0-9]*[a-z]", "7", text)
        for text in re.findall(r"""['"]([A-Za-z].*?)['"][,)\n]""", source)
    ]
    for shape in SHAPES:
        if shape.library:
            assert any(re.match(shape.text, text) for text in texts), shape.text
