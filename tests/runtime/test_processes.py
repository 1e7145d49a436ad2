"""Which process a target is; its death is told at once."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from opsbot.domain.process import Exit, Running
from opsbot.engine.inputs import Input, ProcessEnded, ProcessFound, ProcessHidden, ProcessMissing
from opsbot.errors import SupervisorError, UsageError
from opsbot.runtime.processes import Processes
from opsbot.supervisors.base import Look
from opsbot.testing.clock import VirtualClock
from opsbot.testing.supervisor import FakeHost, FakeSupervisor
from tests.runtime.at_work import at_work


class Moody(FakeSupervisor):
    """Cannot look, or wait, while it is told so; `slow`: seconds that a search takes."""

    unseeing: Exception | None = None
    impatient: Exception | None = None
    slow: float = 0.0

    async def find(self) -> Look:
        seen = await super().find()
        await self.host.clock.sleep(self.slow)
        if self.unseeing:
            raise self.unseeing
        return seen

    async def wait_exit(self, running: Running) -> Exit:
        if self.impatient:
            raise self.impatient
        return await super().wait_exit(running)


class Bench:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.host = FakeHost(self.clock)
        self.supervisor = Moody(self.host)
        self.given: list[Input] = []
        self.processes = Processes({"bot": self.supervisor}, self.clock, self.take)

    async def take(self, given: Input) -> None:
        self.given.append(given)

    @property
    def kinds(self) -> list[type[Input]]:
        return [type(one) for one in self.given]

    def working(self) -> AbstractAsyncContextManager[None]:
        return at_work(self.processes, self.clock)


async def test_a_running_target_is_found_and_its_death_is_told_without_the_passing_of_time() -> None:
    bench = Bench()
    running = bench.host.launch()
    async with bench.working():
        assert bench.processes.current("bot") == running.process
        bench.host.end(code=1)
        await bench.clock.settle()
        assert bench.kinds == [ProcessFound, ProcessEnded]
        assert bench.processes.current("bot") is None


async def test_one_that_somebody_starts_by_hand_is_found_within_a_second() -> None:
    bench = Bench()
    async with bench.working():
        await bench.clock.advance(10.0)
        assert set(bench.kinds) == {ProcessMissing}
        running = bench.host.launch(by_hand=True)
        await bench.clock.advance(1.0)
        assert bench.processes.current("bot") == running.process


async def test_what_the_remediator_started_is_watched_at_once() -> None:
    bench = Bench()
    async with bench.working():
        running = bench.host.launch(1)
        bench.processes.started("bot", running)
        await bench.clock.settle()
        bench.host.end(code=1)
        await bench.clock.settle()
        assert bench.kinds[-2:] == [ProcessFound, ProcessEnded]


async def test_a_search_that_ends_after_a_start_does_not_hide_what_was_started() -> None:
    bench = Bench()
    bench.supervisor.slow = 5.0
    old = bench.host.launch()
    async with bench.working():
        bench.host.end(code=1)
        new = bench.host.launch(1)
        bench.processes.started("bot", new)
        await bench.clock.advance(10.0)
        assert bench.processes.current("bot") == new.process
    found = [one.running.process for one in bench.given if isinstance(one, ProcessFound)]
    assert found == [new.process]
    assert old.process not in found


async def test_one_process_known_in_two_ways_ends_once() -> None:
    bench = Bench()
    running = bench.host.launch(1)
    async with bench.working():
        bench.processes.started("bot", replace(running, adopted=False))
        await bench.clock.settle()
        bench.host.end(code=1)
        await bench.clock.settle()
        assert bench.kinds.count(ProcessEnded) == 1
        assert bench.processes.current("bot") is None


async def test_a_search_that_fails_is_repeated_and_not_taken_for_an_absence() -> None:
    bench = Bench()
    running = bench.host.launch()
    bench.supervisor.unseeing = SupervisorError("no permission")
    async with bench.working():
        await bench.clock.advance(5.0)
        assert set(bench.kinds) == {ProcessHidden}
        bench.supervisor.unseeing = ZeroDivisionError("a bug")
        await bench.clock.advance(5.0)
        bench.supervisor.unseeing = None
        await bench.clock.advance(1.5)
        assert bench.processes.current("bot") == running.process


async def test_a_wait_that_fails_does_not_end_the_watch() -> None:
    bench = Bench()
    running = bench.host.launch()
    bench.supervisor.impatient = OSError("no pidfd")
    async with bench.working():
        await bench.clock.advance(3.5)
        bench.supervisor.impatient = None
        await bench.clock.advance(1.5)
        assert bench.processes.current("bot") == running.process
        bench.host.end(code=1)
        await bench.clock.settle()
        assert bench.kinds.count(ProcessEnded) == 1


async def test_whoever_asks_what_looks_like_it_is_told_why_that_cannot_be_seen_now() -> None:
    bench = Bench()
    bench.supervisor.unseeing = SupervisorError("The engine does not answer.")
    with pytest.raises(UsageError, match="The engine does not answer"):
        await bench.processes.candidates("bot")
    with pytest.raises(UsageError, match="The engine does not answer"):
        await bench.processes.adopt("bot", 7)
