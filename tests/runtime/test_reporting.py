"""A report is told once at each of its times: over clock changes, restarts, and an outage of Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from opsbot.domain.audit import AuditEntry
from opsbot.domain.report import Period, ReportTime
from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.runtime.remembering import rememberers
from opsbot.runtime.reporting import Reports, latest
from opsbot.testing.clock import VirtualClock
from opsbot.testing.store import MemoryState
from tests.runtime.rig import Rig, World, build, running
from tests.zones import BERLIN, berlin, in_zone, shown

HOUR = 3600.0
WEEKLY = ReportTime(Period.WEEK, "0 9 * * 1")
NIGHTLY = ReportTime(Period.DAY, "30 2 * * *")


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    with in_zone(BERLIN):
        yield


@dataclass
class Channel:
    """Where reports are told. `fails`: what each post raises while it is set; `lost`: the answer to a post
    that arrived is lost, and with it opsbot."""

    clock: VirtualClock
    posts: list[tuple[float, Payload]] = field(default_factory=list)
    fails: DeliveryError | None = None
    dies: bool = False

    async def send(self, payload: Payload) -> None:
        if self.fails is not None:
            raise self.fails
        self.posts.append((self.clock.now().wall, payload))
        if self.dies:
            raise Killed

    async def stands(self, marker: str, since: float) -> bool:
        return any(p.embeds[0].footer.startswith(marker) for at, p in self.posts if at >= since)

    def times(self) -> list[str]:
        """For which times they were, by their nonces."""
        return [shown(float(payload.nonce.rpartition("-")[2])) for _, payload in self.posts]


class Killed(BaseException):
    """opsbot ends here, as by SIGKILL."""


@asynccontextmanager
async def reporting(
    world: World, channel: Channel, *times: ReportTime
) -> AsyncIterator[tuple[Rig, asyncio.Task[None]]]:
    rig = await build(world)
    for loop in ("health", "performance"):
        rig.runtime.scheduler.pause_loop(loop)
    async with running(rig):
        reports = Reports(times, rig.runtime.recall, channel, world.clock, rig.runtime.pipeline.ask)
        task = asyncio.create_task(reports.run())
        try:
            yield rig, task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Killed):
                await task


@pytest.fixture(autouse=True)
def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures are summed at once: a thread would take its time while that of these tests goes on."""

    async def at_once(work: Callable[..., Any], *given: Any) -> Any:
        return work(*given)

    monkeypatch.setattr(asyncio, "to_thread", at_once)


async def hours(rig: Rig, count: float, *, step: float = 1800.0) -> None:
    for _ in range(round(count * HOUR / step)):
        await rig.clock.advance(step)


def at(text: str) -> World:
    world = World(clock=VirtualClock(wall=berlin(text)))
    world.host.launch()
    return world


async def marks(world: World) -> list[AuditEntry]:
    acts = await MemoryState(world.clock, world.disk).audit(1000)
    return [act for act in acts if act.verb == "report"]


async def test_it_is_told_at_its_time_silently_and_stands_in_the_audit() -> None:
    world = at("2026-01-05T08:30")  # a Monday
    channel = Channel(world.clock)
    async with reporting(world, channel, WEEKLY) as (rig, _):
        await hours(rig, 2, step=60.0)
    assert channel.times() == ["05 09:00 +0100"]
    (_, payload) = channel.posts[0]
    assert payload.silent
    assert payload.nonce.startswith("report-week-")
    assert len(payload.nonce) <= 25
    (mark,) = await marks(world)
    assert (mark.outcome, mark.reason) == ("sent", "Weekly report 2026-01-05 09:00")


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-28T12:00", ["29 03:00 +0200", "30 02:30 +0200"]),  # 02:30 of the 29th does not exist
        ("2026-10-24T12:00", ["25 02:30 +0200", "26 02:30 +0100"]),  # 02:30 of the 25th comes twice
    ],
    ids=["spring", "autumn"],
)
async def test_what_comes_once_a_night_comes_once_a_night(start: str, expected: list[str]) -> None:
    world = at(start)
    channel = Channel(world.clock)
    async with reporting(world, channel, NIGHTLY) as (rig, _):
        await hours(rig, 42)
    assert channel.times() == expected


async def test_a_start_in_the_hour_that_comes_twice_repeats_nothing() -> None:
    world = at("2026-10-25T02:00")
    channel = Channel(world.clock)
    async with reporting(world, channel, NIGHTLY) as (rig, _):
        await hours(rig, 0.75)
    assert len(channel.posts) == 1
    async with reporting(world, channel, NIGHTLY) as (rig, _):
        await hours(rig, 3)
    assert len(channel.posts) == 1


async def test_what_came_while_opsbot_was_away_is_told_late_and_once() -> None:
    world = at("2026-01-04T09:00")
    channel = Channel(world.clock)
    async with reporting(world, channel, WEEKLY) as (rig, _):
        world.host.crash()
        await hours(rig, 1)
    assert channel.posts == []
    await world.clock.advance(30 * HOUR)
    for _ in range(3):
        async with reporting(world, channel, WEEKLY) as (rig, _):
            await hours(rig, 1)
    assert len(channel.posts) == 1
    assert channel.posts[0][1].embeds[0].footer.startswith("Weekly report 2026-01-05 09:00")


async def test_a_first_start_makes_up_for_nothing_that_it_cannot_know() -> None:
    world = at("2026-01-05T10:00")
    channel = Channel(world.clock)
    async with reporting(world, channel, WEEKLY) as (rig, _):
        await hours(rig, 3)
    assert channel.posts == []


async def test_killed_right_after_it_was_told_it_is_not_told_again() -> None:
    world = at("2026-01-05T08:30")
    channel = Channel(world.clock, dies=True)
    async with reporting(world, channel, WEEKLY) as (rig, task):
        await hours(rig, 1)
        assert isinstance(task.exception(), Killed)
    assert await marks(world) == []
    channel.dies = False
    async with reporting(world, channel, WEEKLY) as (rig, _):
        await hours(rig, 1)
    assert len(channel.posts) == 1
    assert len(await marks(world)) == 1


async def test_an_outage_of_discord_delays_it() -> None:
    world = at("2026-01-05T08:30")
    channel = Channel(world.clock, fails=DeliveryError("down", permanent=False, place=True))
    async with reporting(world, channel, WEEKLY) as (rig, _):
        await hours(rig, 3)
        channel.fails = None
        await hours(rig, 1)
    assert len(channel.posts) == 1


async def test_what_discord_refuses_for_good_is_given_up_and_that_is_recorded() -> None:
    world = at("2026-01-05T08:30")
    channel = Channel(world.clock, fails=DeliveryError("refused", permanent=True))
    async with reporting(world, channel, WEEKLY) as (rig, _):
        await hours(rig, 3)
        channel.fails = None
        await hours(rig, 3)
    assert channel.posts == []
    assert [mark.outcome for mark in await marks(world)] == ["failed"]


@pytest.mark.parametrize("seconds", [-HOUR, -3650 * 86_400.0, 14 * 86_400.0])
async def test_a_clock_that_is_set_makes_at_most_one_more_come(seconds: float) -> None:
    world = at("2026-01-05T08:30")
    channel = Channel(world.clock)
    async with reporting(world, channel, WEEKLY) as (rig, _):
        await hours(rig, 1)
        assert len(channel.posts) == 1
        rig.clock.step_wall(seconds)
        await hours(rig, 3)
    assert len(channel.posts) <= 2
    if seconds < 0:
        assert len({payload.nonce for _, payload in channel.posts}) == len(channel.posts)


async def test_a_dry_run_tells_no_report() -> None:
    world = at("2026-01-05T08:30")
    rig = await build(world)
    memory = MemoryParts(reports=(WEEKLY,), channel=Channel(world.clock))
    parts = replace(rig.runtime._parts, memory=memory)
    found = rememberers(parts, rig.runtime.pipeline, rig.runtime.recall)
    assert any(isinstance(one, Reports) for one in found)
    rig.state.policy = replace(rig.state.policy, dry_run=True)
    assert rememberers(parts, rig.runtime.pipeline, rig.runtime.recall) == []


def test_the_last_time_of_a_schedule_is_named_by_the_local_clock() -> None:
    due = latest(WEEKLY, berlin("2026-01-05T09:00"))
    assert due is not None
    assert (due.key, due.wall) == ("Weekly report 2026-01-05 09:00", berlin("2026-01-05T09:00"))
    before = latest(WEEKLY, berlin("2026-01-05T08:59:59"))
    assert before is not None
    assert before.key == "Weekly report 2025-12-29 09:00"
    assert latest(WEEKLY, 1e30) is None
