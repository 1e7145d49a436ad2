"""Samples on their way to the metrics store, and the past as people see it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import pytest
from structlog.testing import capture_logs

from opsbot.domain.expr import Compare, Op, Reading, Reduce
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.domain.series import DAY, Keep
from opsbot.domain.target import CheckSpec, Target
from opsbot.engine.state import State
from opsbot.errors import StoreUnavailable
from opsbot.runtime.history import FLUSH_AT, FLUSH_EVERY, MOST, History
from opsbot.stores.base import Point
from opsbot.testing.clock import VirtualClock
from opsbot.testing.metrics import MemoryMetrics
from tests.runtime.at_work import at_work


class Store(MemoryMetrics):
    """Counts batches; can hang, and fail to prune or to read."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.pruned: list[float] = []
        self.unreadable = False
        self.stuck: asyncio.Event | None = None

    async def append(self, samples: Sequence[Sample]) -> None:
        if self.stuck is not None:
            await self.stuck.wait()
        await super().append(samples)
        self.batches.append(len(samples))

    async def series(self, target: str, metric: str, since: float, until: float) -> list[Point]:
        if self.unreadable:
            raise StoreUnavailable("busy")
        return await super().series(target, metric, since, until)

    async def prune(self, now: float, keep: Keep) -> int:
        self.pruned.append(now - keep.raw)
        return await super().prune(now, keep)


class Bench:
    def __init__(self) -> None:
        self.clock, self.store = VirtualClock(), Store()
        self.history = History(self.store, self.clock, Keep(raw=2 * DAY))

    def add(self, count: int = 1, value: float = 1.0) -> None:
        for _ in range(count):
            self.history.add(Sample("bot", "c", self.clock.now(), Outcome.OK, metrics={"cpu_percent": value}))

    def working(self) -> AbstractAsyncContextManager[None]:
        return at_work(self.history, self.clock)


async def test_samples_are_written_in_batches_and_the_last_ones_on_the_way_out() -> None:
    bench = Bench()
    async with bench.working():
        bench.add(3)
        await bench.clock.advance(FLUSH_EVERY / 2)
        assert bench.store.batches == []
        await bench.clock.advance(FLUSH_EVERY / 2)
        assert bench.store.batches == [3]
        bench.add(2)
    assert bench.store.batches == [3, 2]


async def test_a_full_batch_does_not_wait_for_its_time() -> None:
    bench = Bench()
    async with bench.working():
        bench.add(FLUSH_AT)
        await bench.clock.settle()
        assert bench.store.batches == [FLUSH_AT]


async def test_a_store_that_cannot_be_written_is_said_once_and_once_again_the_next_time() -> None:
    bench = Bench()
    with capture_logs() as logs:
        async with bench.working():
            for failure in (
                StoreUnavailable("full"),
                StoreUnavailable("full"),
                None,
                StoreUnavailable("full"),
            ):
                bench.store.failure = failure
                bench.add()
                await bench.clock.advance(FLUSH_EVERY)
    assert [line["event"] for line in logs].count("metrics are lost while their store cannot be written") == 2
    assert bench.store.batches == [1]


async def test_a_store_that_does_not_answer_costs_old_samples_not_memory() -> None:
    bench = Bench()
    async with bench.working():
        bench.store.stuck = asyncio.Event()
        bench.add()
        await bench.clock.advance(FLUSH_EVERY)
        bench.add(MOST * 2)
        assert len(bench.history._buffer) <= MOST
        bench.store.stuck.set()


async def test_what_is_too_old_is_removed_every_hour_and_a_failure_of_that_stops_nothing() -> None:
    bench = Bench()
    bench.store.failure = StoreUnavailable("full")
    async with bench.working():
        await bench.clock.advance(2 * 3600.0 + 60.0)
        assert len(bench.store.pruned) == 2
        assert bench.store.pruned[0] == pytest.approx(bench.clock.now().wall - 3600.0 - 2 * 86_400.0, abs=80)
        bench.store.failure = None
        bench.add()
        await bench.clock.advance(FLUSH_EVERY)
        assert bench.store.batches == [1]


async def test_a_clock_that_is_set_ten_years_on_removes_nothing_until_it_has_stood_so_for_a_day() -> None:
    bench = Bench()
    async with bench.working():
        bench.clock.step_wall(3650 * 86_400.0)
        await bench.clock.advance(86_400.0)
        assert bench.store.pruned == []
        await bench.clock.advance(2 * 3600.0)
        assert bench.store.pruned != []


async def test_a_clock_that_is_set_right_again_removes_nothing_of_the_present() -> None:
    bench = Bench()
    async with bench.working():
        bench.clock.step_wall(3650 * 86_400.0)
        await bench.clock.advance(4 * 3600.0)
        bench.clock.step_wall(-3650 * 86_400.0)
        await bench.clock.advance(4 * 3600.0)
        keep = bench.history.keep.raw
        assert bench.store.pruned
        assert all(before <= bench.clock.now().wall - keep for before in bench.store.pruned)


def leak_rule(window: float) -> Rule:
    reading = Reading("rss_bytes", Reduce.MEAN, window, name="rss", unit="B")
    return Rule(
        "leak", Compare(reading, Op.GT, 5.0), Severity.WARNING, Priority.P3, "leak", reads=frozenset({"p"})
    )


async def test_windows_are_rebuilt_from_what_was_stored_before_the_start() -> None:
    bench = Bench()
    spec = CheckSpec("p", "process", 10.0, 1.0, None)
    state = State.of([Target("bot", "Bot", (spec,), (leak_rule(600.0),))], {})
    now = bench.clock.now()
    for age, value in ((900.0, 100.0), (300.0, 10.0), (200.0, 20.0)):
        at = Moment(0.0, now.wall - age)
        await bench.store.append([Sample("bot", "p", at, Outcome.OK, metrics={"rss_bytes": value})])
    await bench.history.seed(state)
    reading = Reading("rss_bytes", Reduce.MEAN, 600.0, name="rss", unit="B")
    mean = state.known["bot"].view.windows.read(reading, now)
    assert mean is not None
    assert 10.0 <= mean <= 20.0


async def test_a_past_that_cannot_be_read_lets_opsbot_start_all_the_same() -> None:
    bench = Bench()
    bench.store.unreadable = True
    spec = CheckSpec("p", "process", 10.0, 1.0, None)
    await bench.history.seed(State.of([Target("bot", "Bot", (spec,), (leak_rule(600.0),))], {}))
