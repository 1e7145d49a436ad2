"""`/metrics` with `record`: the performance monitor in a message."""

from __future__ import annotations

import pytest

from opsbot.domain.performance import Performance
from tests.cogs.charting import Painted, footer_and_text
from tests.cogs.stage import CLOCK, said


async def test_a_recording_ends_with_its_file_and_statistics(painted: Painted) -> None:
    stage, _ = painted
    world = stage.world
    now = CLOCK.now().wall
    stage.operations.looks = tuple(
        Performance(now + n, 30061, 0.2 + n, 1.5, 89 * 2.0**20, 523 * 2.0**20, 12, 45, 127, 0, 3)
        for n in range(2)
    )
    await world.otto.slash(world.ops, "metrics", record="2s", interval="1s")
    message = await stage.sim.wait_for_message(world.ops, lambda m: "Recorded" in footer_and_text(m))
    assert len(message.attachments) == 1
    content = stage.sim.cdn.content(message.attachments[0].url)
    assert content is not None
    assert len(content.decode().splitlines()) == 3
    assert "CPU: avg=0.70%, min=0.20%, max=1.20%" in (message.embeds[0].description or "")


async def test_a_target_is_recorded_once_at_a_time_and_a_stop_keeps_what_there_is(
    painted: Painted,
) -> None:
    stage, _ = painted
    world = stage.world
    look = Performance(CLOCK.now().wall, 30061, 0.2, 1.5, 89 * 2.0**20, 523 * 2.0**20, 12, 45, 127, 0, 3)
    stage.operations.looks = (look,)
    with stage.sim.env.in_a_hurry():
        await world.otto.slash(world.ops, "metrics", record="10m", interval="60s")
    first = await stage.sim.wait_for_message(world.ops, lambda m: "1 of 10" in footer_and_text(m))
    assert "A restart of opsbot ends the recording" in (first.embeds[0].footer.text or "")
    second = await world.olga.slash(world.ops, "metrics", record="1m", interval="10s")
    assert "is being recorded already, asked by Otto" in said(second)
    await stage.bot.close()
    over = await stage.sim.wait_for_message(world.ops, lambda m: "cut off" in footer_and_text(m))
    assert len(over.attachments) == 1
    assert "9 of 10 samples are missing" in (over.embeds[0].description or "")


@pytest.mark.parametrize(
    ("record", "interval", "why"),
    [
        ("soon", None, "`record` is a time"),
        ("10m", "0s", "`interval` is a time"),
        ("7d", "1s", "at most 20,000"),
        ("8d", None, "`record` is a time"),
    ],
)
async def test_a_recording_has_bounds(painted: Painted, record: str, interval: str | None, why: str) -> None:
    stage, _ = painted
    options = {"record": record} | ({"interval": interval} if interval else {})
    result = await stage.world.otto.slash(stage.world.ops, "metrics", **options)
    assert why in said(result).replace("\\", "")
    assert not stage.operations.asked("performance")


async def test_an_interval_alone_asks_for_the_duration(painted: Painted) -> None:
    stage, _ = painted
    result = await stage.world.otto.slash(stage.world.ops, "metrics", interval="5s")
    assert "goes with `record`" in said(result).replace("\\", "")
