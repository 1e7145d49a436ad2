"""Charts over the wire: the real opsbot as a process of its own, the numbers that it measured itself."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from opsbot.domain.metrics import Window
from opsbot.draw.metrics import CSV, METRICS, PICTURE, REFRESH, WINDOW
from tests import nursery
from tests.bound import BOUND
from tests.charts.test_process import painters
from tests.cli.recipes import HEADER, LINE
from tests.e2e import launcher
from tests.e2e.processes import eventually_asked
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage
from tests.e2e.test_opsbot_killed import is_well

TARGET = "summarybot"
GROWTH = 5 * 2**20
"""Bytes by which the bot may be bigger after charts than before."""


@asynccontextmanager
async def apart(stage: Stage) -> AsyncIterator[psutil.Process]:
    """`opsbot run` as a process of its own, up and well."""
    environ = {
        **os.environ,
        "OPSBOT_DISCORD_TOKEN": stage.token,
        launcher.REST: stage.sim.rest_url,
        launcher.GATEWAY: stage.sim.gateway_url,
    }
    argv = (launcher.__name__, "run", "-c", str(stage.file))
    with (stage.folder / "opsbot.log").open("wb") as output:
        process = await asyncio.to_thread(
            nursery.born, argv, *launcher.READY, env=environ, stdout=output.fileno(), stderr=nursery.STDOUT
        )
    try:
        await eventually_asked(lambda: asyncio.to_thread(is_well, stage))
        await stage.sim.wait_until_connected(BOUND)
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


def loaded(pid: int, library: str) -> bool:
    """Whether a process has a library of that name in its memory."""
    return library in Path(f"/proc/{pid}/maps").read_text()


def shown(stage: Stage) -> Any:
    """The newest message with a chart."""
    return next((m for m in reversed(stage.sim.messages(stage.world.ops)) if m.attachments), None)


def picture(stage: Stage) -> bytes:
    """The chart that is shown."""
    (attached,) = shown(stage).attachments
    assert attached.filename == PICTURE
    content = stage.sim.cdn.content(attached.url)
    assert content is not None
    return content


async def test_a_chart_of_what_was_measured_arrives_and_the_bot_is_as_big_as_before(stage: Stage) -> None:
    world = stage.world
    async with apart(stage) as bot:
        await world.vera.slash(world.ops, "health")  # what any first command loads is no chart's
        before = bot.memory_info().rss
        await world.vera.slash(world.ops, "metrics", window="15m")
        await stage.until(lambda: shown(stage))
        width, height = struct.unpack(">II", picture(stage)[16:24])
        assert (width, 600 < height < 1800) == (1200, True)
        text = text_of(shown(stage))
        for word in ("CPU", "RSS", "Health answer", "Errors in log", "avg ", "in all"):
            assert word in text, text
        first = picture(stage)
        await world.vera.select(shown(stage), ["21600"], custom_id=WINDOW.format(target=TARGET))
        await stage.until(lambda: "last 6 h" in text_of(shown(stage)))
        await world.vera.select(shown(stage), ["process_up"], custom_id=METRICS.format(target=TARGET))
        await stage.until(lambda: "of the time" in text_of(shown(stage)))
        second = picture(stage)
        assert second != first
        await world.vera.click(shown(stage), custom_id=REFRESH.format(target=TARGET))
        await stage.until(lambda: picture(stage) != second)
        assert bot.memory_info().rss < before + GROWTH
        assert not loaded(bot.pid, "matplotlib")
        assert painters(bot.pid) == [], "none outlives its picture"


async def test_the_csv_of_the_past_comes_from_the_button(stage: Stage) -> None:
    world = stage.world
    async with apart(stage):
        await world.vera.slash(world.ops, "metrics")
        message = await stage.until(lambda: shown(stage))
        result = await world.vera.click(message, custom_id=CSV.format(target=TARGET))
        answers = await stage.until(
            lambda: [r for r in (result.response, *result.followups) if r and r.attachments]
        )
        content = stage.sim.cdn.content(answers[0].attachments[0].url)
        assert content is not None
        header, *rows = content.decode().splitlines()
        assert header == HEADER
        assert rows
        assert [row for row in rows if not LINE.fullmatch(row)] == []
        assert {int(row.split(",")[1]) for row in rows} == {stage.pid()}


async def test_the_restart_and_the_incident_are_marked(stage: Stage) -> None:
    async with stage.opsbot() as running:
        old = await stage.kill()
        await stage.restarted(old)
        await stage.resolved()
        await stage.until_well(running)

        async def marked() -> bool:
            report = await running.runtime.ops.metrics(TARGET, Window(900.0))
            return bool(report.restarts and report.incidents)

        await eventually_asked(marked)
        report = await running.runtime.ops.metrics(TARGET, Window(900.0))
        (span,) = report.incidents
        assert span.end is not None
        (restart,) = report.restarts
        assert span.start - 5 < restart < report.at.wall
        assert {limit.metric for limit in report.limits} >= {"cpu_percent", "health_response_seconds"}
