"""A schedule of a whole opsbot over the changes of the clock, in a zone that has them, and over a night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from opsbot.runtime.rotations import KeptLog
from opsbot.testing.clock import VirtualClock
from opsbot.testing.rotation import FakeLog, FakeRotator
from tests.runtime.rig import Rig, World, build, running
from tests.runtime.test_rotations import POLICY, rotations
from tests.zones import BERLIN, berlin, in_zone, shown

HOUR = 3600.0
HALF_PAST_TWO = "30 2 * * *"


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    with in_zone(BERLIN):
        yield


async def rotating(start: str, cron: str = HALF_PAST_TWO) -> tuple[Rig, FakeLog]:
    """An opsbot that begins at a local time and rotates by a schedule."""
    world = World(clock=VirtualClock(wall=berlin(start)))
    world.host.launch()
    log = FakeLog(world.clock, size=1000)
    policy = replace(POLICY, interval=7 * 86_400.0, cron=cron)
    rig = await build(world, rotation=KeptLog(policy, FakeRotator(policy.log, log)))
    for loop in ("health", "performance"):  # a look each second would only cost the test time
        rig.runtime.scheduler.pause_loop(loop)
    return rig, log


async def pass_hours(rig: Rig, log: FakeLog, hours: int) -> None:
    """Time passes, and the log is never empty."""
    for _ in range(4 * hours):
        await rig.clock.advance(HOUR / 4)
        log.write(1000)


def times(rig: Rig) -> list[str]:
    """When it rotated, on the wall: day, hour, minute, offset."""
    walls = sorted(action.asked.wall for action in rotations(rig))
    return [shown(wall) for wall in walls]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-28T12:00", ["29 03:30 +0200", "30 02:30 +0200"]),  # 02:30 of the 29th does not exist
        ("2026-10-24T12:00", ["25 02:30 +0200", "26 02:30 +0100"]),  # 02:30 of the 25th comes twice
    ],
    ids=["spring", "autumn"],
)
async def test_what_is_due_once_a_day_comes_once_a_day(start: str, expected: list[str]) -> None:
    rig, log = await rotating(start)
    async with running(rig):
        await pass_hours(rig, log, 42)
        assert times(rig) == expected


async def test_an_opsbot_that_starts_in_the_hour_that_comes_twice_repeats_nothing() -> None:
    rig, log = await rotating("2026-10-25T02:45")  # the first of the two
    async with running(rig):
        await pass_hours(rig, log, 20)
        assert times(rig) == []


async def test_of_the_times_that_a_sleeping_machine_missed_one_is_made_up_for() -> None:
    rig, log = await rotating("2026-01-05T21:00", "0 * * * *")
    async with running(rig):
        await pass_hours(rig, log, 1)
        assert len(rotations(rig)) == 1
        rig.clock.suspend(8 * HOUR + 600.0)
        log.write(1000)
        await rig.clock.advance(120.0)
        assert len(rotations(rig)) == 2
        await rig.clock.advance(HOUR / 2)
        log.write(1000)
        assert len(rotations(rig)) == 2


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, 3650 * 86_400.0, -3650 * 86_400.0])
async def test_a_clock_that_is_set_makes_at_most_one_time_come(seconds: float) -> None:
    rig, log = await rotating("2026-01-05T21:00")
    async with running(rig):
        rig.clock.step_wall(seconds)
        await pass_hours(rig, log, 3)
        assert len(rotations(rig)) <= 1
