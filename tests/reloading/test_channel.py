"""Reports in the real channel of a simulated Discord: posted silently, known again by their footer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from opsbot.domain.report import Figures, Period, Report, Uptime
from opsbot.draw.report import PICTURE, report_payload
from opsbot.notifiers._transport import PAGE
from opsbot.reloading import channel as module
from opsbot.reloading.channel import OpsChannel
from tests.cogs.stage import CLOCK, Stage, stage_of
from tests.sim import simulated_discord

MARKER = "Weekly report 2026-01-05 09:00"


@pytest.fixture
async def up() -> AsyncIterator[Stage]:
    async with simulated_discord() as sim:
        stage = stage_of(sim)
        async with stage.running():
            yield stage


def channel_of(up: Stage) -> OpsChannel:
    return OpsChannel(up.bot.transport, up.world.ops.id)


def report() -> Report:
    now = CLOCK.now()
    figures = Figures(now.wall - 604_800.0, now.wall, (Uptime("bot", "The bot", 604_800.0),))
    return Report(Period.WEEK, now, figures, figures)


async def test_a_report_is_posted_with_its_picture_and_disturbs_nobody(up: Stage) -> None:
    payload = report_payload(report(), picture=b"\x89PNG\r\n\x1a\nx", marker=MARKER)
    await channel_of(up).send(replace(payload, silent=True, nonce="report-week-1767603600"))
    (message,) = up.sim.messages(up.world.ops)
    assert message.flags.suppress_notifications
    assert [file.filename for file in message.attachments] == [PICTURE]
    assert (message.embeds[0].footer.text or "").startswith(MARKER)


async def test_the_same_report_twice_within_minutes_is_one_message(up: Stage) -> None:
    payload = replace(report_payload(report(), marker=MARKER), nonce="report-week-1767603600")
    await channel_of(up).send(payload)
    await channel_of(up).send(payload)
    assert len(up.sim.messages(up.world.ops)) == 1


async def test_a_report_that_stands_there_is_known_again_by_its_footer_alone(up: Stage) -> None:
    since, ops = CLOCK.now().wall - 60.0, channel_of(up)
    assert not await ops.stands(MARKER, since)
    await ops.send(report_payload(report(), marker="Weekly report 2025-12-29 09:00"))
    assert not await ops.stands(MARKER, since)
    await ops.send(report_payload(report(), marker=MARKER))
    assert await ops.stands(MARKER, since)
    assert not await ops.stands(MARKER, CLOCK.now().wall + 60.0)


async def test_somebody_elses_message_is_no_report(up: Stage) -> None:
    await up.world.olga.send(up.world.ops, MARKER)
    assert not await channel_of(up).stands(MARKER, CLOCK.now().wall - 60.0)


async def test_a_busy_channel_is_read_page_by_page_and_not_for_ever(
    up: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = CLOCK.now().wall - 60.0
    for number in range(PAGE + 5):
        await up.world.olga.send(up.world.ops, f"{number}")
    await channel_of(up).send(report_payload(report(), marker=MARKER))
    assert await channel_of(up).stands(MARKER, since)
    monkeypatch.setattr(module, "PAGES", 1)
    assert not await channel_of(up).stands(MARKER, since)
