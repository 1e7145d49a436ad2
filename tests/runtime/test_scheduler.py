"""When checks look, and what comes of those that hang, break or are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Sample
from opsbot.domain.target import CheckSpec
from opsbot.errors import Stopping, UsageError
from opsbot.runtime.scheduler import AT_ONCE, Scheduler
from opsbot.testing.check import FakeCheck
from opsbot.testing.clock import VirtualClock


class Bench:
    """A scheduler alone, its samples kept."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.samples: list[Sample] = []
        self.scheduler = Scheduler(self.clock, self.take)

    async def take(self, sample: Sample) -> None:
        self.samples.append(sample)

    def add(
        self,
        name: str,
        kind: str = "http",
        *,
        interval: float = 10.0,
        timeout: float = 5.0,
        target: str = "bot",
        check: FakeCheck | None = None,
    ) -> FakeCheck:
        check = check or FakeCheck()
        self.scheduler.add(target, CheckSpec(name, kind, interval, timeout, None), check)
        return check

    def of(self, name: str) -> list[Sample]:
        return [sample for sample in self.samples if sample.check == name]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        before = asyncio.all_tasks()
        task = asyncio.create_task(self.scheduler.run())
        try:
            await self.clock.settle()
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert asyncio.all_tasks() <= before | {task}


async def test_each_check_looks_on_its_interval_without_drifting() -> None:
    bench = Bench()
    quick, slow = bench.add("quick", interval=1.0), bench.add("slow", interval=10.0)
    async with bench.working():
        await bench.clock.advance(1000.5)
    assert 1000 <= quick.looks <= 1001
    assert 100 <= slow.looks <= 101
    times = [sample.at.mono for sample in bench.of("quick")]
    assert times[-1] - times[0] == pytest.approx(len(times) - 1, abs=1e-6)


class TiredClock(VirtualClock):
    """Wakes everybody a little late, as a busy machine does."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + 0.02)


async def test_waking_late_each_time_does_not_add_up() -> None:
    bench = Bench()
    bench.scheduler.clock = bench.clock = TiredClock()
    check = bench.add("quick", interval=1.0)
    async with bench.working():
        await bench.clock.advance(600.5)
    assert check.looks >= 600


async def test_looks_of_one_check_never_overlap_however_long_they_take() -> None:
    bench = Bench()
    check = bench.add("slow", interval=1.0, timeout=100.0, check=FakeCheck(hangs=True))
    async with bench.working():
        await bench.clock.advance(20.0)
        asked = [asyncio.create_task(bench.scheduler.look("bot")) for _ in range(5)]
        bench.scheduler.wake("bot")
        await bench.clock.advance(5.0)
        check.free()
        await bench.clock.settle()
        assert [len(samples) for samples in await asyncio.gather(*asked)] == [1] * 5
    assert check.most_at_once == 1


async def test_a_check_that_hangs_is_a_timeout() -> None:
    bench = Bench()
    check = bench.add("stuck", timeout=5.0, check=FakeCheck(hangs=True))
    async with bench.working():
        await bench.clock.advance(6.5)
    assert [sample.outcome for sample in bench.samples] == [Outcome.TIMEOUT]
    assert "no answer within 5 s" in bench.samples[0].detail
    assert check.at_once == 0


@pytest.mark.parametrize("broken", [ZeroDivisionError("a bug"), asyncio.CancelledError()])
async def test_a_check_that_breaks_is_an_error_and_is_looked_with_again(broken: BaseException) -> None:
    bench = Bench()
    check = bench.add("broken", check=FakeCheck(broken=broken))
    async with bench.working():
        await bench.clock.advance(1.5)
        assert [sample.outcome for sample in bench.samples] == [Outcome.ERROR]
        check.broken = None
        await bench.clock.advance(10.0)
    assert [sample.outcome for sample in bench.samples] == [Outcome.ERROR, Outcome.OK]


async def test_fifty_checks_that_hang_hold_up_another_for_one_timeout_at_most() -> None:
    bench = Bench()
    slow = [bench.add(f"slow {n}", timeout=5.0, check=FakeCheck(hangs=True)) for n in range(50)]
    bench.add("quick", "process", interval=1.0)
    async with bench.working():
        await bench.clock.advance(120.0)
        assert sum(check.at_once for check in slow) <= AT_ONCE
    times = [sample.at.mono for sample in bench.of("quick")]
    assert max(b - a for a, b in pairwise(times)) <= 5.0 + 1.0
    assert all(len(bench.of(f"slow {n}")) >= 120 / (10 + 5 + 5) - 1 for n in range(50))


async def test_thirty_slow_checks_hold_up_nobody() -> None:
    bench = Bench()
    for n in range(AT_ONCE - 2):
        bench.add(f"slow {n}", timeout=5.0, check=FakeCheck(hangs=True))
    quick = bench.add("quick", "process", interval=1.0)
    async with bench.working():
        await bench.clock.advance(60.5)
    assert quick.looks >= 60


async def test_waking_looks_at_once_and_only_with_what_was_meant() -> None:
    bench = Bench()
    mine, also = bench.add("mine"), bench.add("also")
    other = bench.add("other", target="another")
    async with bench.working():
        await bench.clock.advance(2.0)
        bench.scheduler.wake("bot", "mine")
        await bench.clock.settle()
        assert (mine.looks, also.looks, other.looks) == (2, 1, 1)
        bench.scheduler.wake("bot")
        await bench.clock.settle()
        assert (mine.looks, also.looks, other.looks) == (3, 2, 1)


async def test_what_is_woken_while_it_looks_looks_once_more_afterwards() -> None:
    bench = Bench()
    check = bench.add("late", interval=100.0, timeout=50.0, check=FakeCheck(hangs=True))
    async with bench.working():
        await bench.clock.advance(2.0)
        for _ in range(3):
            bench.scheduler.wake("bot")
        check.free()
        await bench.clock.settle()
        assert check.looks == 2
        await bench.clock.advance(50.0)
        assert check.looks == 2


async def test_a_paused_loop_does_not_look_until_it_is_resumed() -> None:
    bench = Bench()
    http, process = bench.add("health"), bench.add("process", "process")
    async with bench.working():
        await bench.clock.advance(5.0)
        assert not bench.scheduler.pause_loop("health").running
        bench.scheduler.wake("bot")
        await bench.clock.advance(100.0)
        assert http.looks == 1
        assert process.looks > 8
        assert bench.scheduler.resume_loop("health").running
        await bench.clock.settle()
        assert http.looks == 2


async def test_running_a_loop_looks_once_even_when_it_is_paused() -> None:
    bench = Bench()
    http, process = bench.add("health"), bench.add("process", "process")
    async with bench.working():
        await bench.clock.advance(5.0)
        bench.scheduler.pause_loop("health")
        info = await bench.scheduler.run_loop("health")
        assert (http.looks, process.looks) == (2, 1)
        assert (info.runs, info.errors, info.running) == (2, 0, False)
        assert info.last == bench.clock.now()
        await bench.clock.advance(30.0)
        assert http.looks == 2


async def test_an_unknown_loop_is_answered_with_those_there_are() -> None:
    bench = Bench()
    bench.add("health")
    for ask in (bench.scheduler.pause_loop, bench.scheduler.resume_loop):
        with pytest.raises(UsageError, match=r"no monitoring loop `gateway`: known are health"):
            ask("gateway")
    with pytest.raises(UsageError):
        await bench.scheduler.run_loop("gateway")


async def test_the_first_looks_do_not_come_in_one_burst_and_not_late() -> None:
    bench = Bench()
    for n in range(40):
        bench.add(f"check {n}", interval=30.0)
    async with bench.working():
        await bench.clock.advance(1.01)
    assert len(bench.samples) == 40
    assert len({sample.at.mono for sample in bench.samples}) > 20


async def test_ending_it_ends_the_looks_and_tells_who_asked_for_them() -> None:
    bench = Bench()
    check = bench.add("stuck", timeout=100.0, check=FakeCheck(hangs=True))
    async with bench.working():
        asked = asyncio.create_task(bench.scheduler.look("bot"))
        await bench.clock.settle()
    with pytest.raises(Stopping):
        await asked
    assert check.at_once == 0
    with pytest.raises(Stopping):
        await bench.scheduler.look("bot")


async def test_whoever_asked_may_leave_while_the_look_goes_on() -> None:
    bench = Bench()
    check = bench.add("slow", timeout=100.0, check=FakeCheck(hangs=True))
    async with bench.working():
        asked = asyncio.create_task(bench.scheduler.look("bot"))
        await bench.clock.settle()
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        check.free()
        await bench.clock.settle()
        assert len(bench.samples) == 1


async def test_looks_that_are_asked_for_end_also_where_nothing_is_watched() -> None:
    bench = Bench()
    check = bench.add("stuck", timeout=100.0, check=FakeCheck(hangs=True))
    asked = asyncio.create_task(bench.scheduler.look("bot"))
    await bench.clock.settle()
    assert check.at_once == 1
    await bench.scheduler.close()
    assert check.at_once == 0
    with pytest.raises(Stopping):
        await asked


async def test_closing_closes_every_check_also_after_one_that_cannot_be() -> None:
    bench = Bench()
    checks = [bench.add(f"check {n}") for n in range(3)]
    checks[0].unclosable = OSError("no")
    await bench.scheduler.close()
    assert all(check.closed for check in checks)


async def test_a_sample_that_nobody_takes_stops_no_look() -> None:
    bench = Bench()

    async def broken(_: Sample) -> None:
        raise ZeroDivisionError

    check = bench.add("health", interval=1.0)
    bench.scheduler.sink = broken
    async with bench.working():
        await bench.clock.advance(5.5)
    assert check.looks >= 5
