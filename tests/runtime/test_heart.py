"""The pulse of the loop: missing time, a blocked loop, no descriptors left; each is said once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opsbot.engine.inputs import Gap, Input, OwnTrouble
from opsbot.runtime.heart import BLOCKED_RULE, DESCRIPTORS_RULE, LOOK_EVERY, SHOWN_FOR, TOLD_FOR, Heart
from opsbot.runtime.watchdog import Watchdog
from opsbot.testing.clock import VirtualClock

HOUR = 3600.0


class Body:
    """A heart, and what it posts. `trouble`: what is said of descriptors."""

    def __init__(self, watchdog: Watchdog | None = None) -> None:
        self.clock = VirtualClock()
        self.trouble = ""
        self.posted: list[Input] = []
        self.heart = Heart(self.clock, self._post, watchdog, lambda: self.trouble)

    async def _post(self, given: Input) -> None:
        self.posted.append(given)

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.heart.run())
        try:
            await self.clock.advance(0.1)
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def gaps(self) -> list[Gap]:
        return [given for given in self.posted if isinstance(given, Gap)]

    def troubles(self, rule: str) -> list[str]:
        return [g.text for g in self.posted if isinstance(g, OwnTrouble) and g.rule == rule]


async def test_a_machine_that_slept_for_eight_hours_leaves_one_note_with_both_times() -> None:
    body = Body()
    async with body.alive():
        await body.clock.advance(HOUR)
        body.clock.suspend(8 * HOUR)
        await body.clock.advance(HOUR)
    (gap,) = body.gaps()
    assert "from 2026-01-05 16:0" in gap.text
    assert "to 2026-01-06 00:0" in gap.text
    assert "(8 h)" in gap.text
    assert body.heart.remarks() == (gap.text,)
    body.clock.suspend(TOLD_FOR)
    assert body.heart.remarks() == ()


async def test_hours_of_work_leave_none() -> None:
    body = Body()
    async with body.alive():
        await body.clock.advance(10 * HOUR)
    assert body.posted == []


async def test_a_wall_clock_that_is_set_is_no_gap() -> None:
    body = Body()
    async with body.alive():
        for seconds in (HOUR, -HOUR, 10 * 365 * 86_400.0, -10 * 365 * 86_400.0):
            body.clock.step_wall(seconds)
            await body.clock.advance(60.0)
    assert body.posted == []


class Blocked(Watchdog):
    """Has seen the loop stand still for `seconds`; its thread does not run."""

    seconds = 0.0

    def stood(self) -> float:
        seconds, self.seconds = self.seconds, 0.0
        return seconds


async def test_a_loop_that_stood_still_is_an_incident_for_a_while_and_no_gap() -> None:
    watchdog = Blocked()
    body = Body(watchdog)
    async with body.alive():
        watchdog.seconds = 75.0
        body.clock.suspend(75.0)  # what passed meanwhile
        await body.clock.advance(LOOK_EVERY)
        (text,) = body.troubles(BLOCKED_RULE)
        assert text.startswith("opsbot stood still for 1 min 15 s")
        await body.clock.advance(SHOWN_FOR)
    assert body.troubles(BLOCKED_RULE) == [text, ""]
    assert body.gaps() == []


async def test_without_descriptors_it_is_said_once_and_when_it_is_over() -> None:
    body = Body()
    async with body.alive():
        body.trouble = "opsbot has no file descriptors left"
        await body.clock.advance(60.0)
        assert body.troubles(DESCRIPTORS_RULE) == ["opsbot has no file descriptors left"]
        body.trouble = ""
        await body.clock.advance(LOOK_EVERY)
    assert body.troubles(DESCRIPTORS_RULE) == ["opsbot has no file descriptors left", ""]


async def test_a_queue_that_is_full_holds_up_no_beat() -> None:
    class Counting(Watchdog):
        beats = 0

        def beat(self) -> None:
            self.beats += 1

    watchdog = Counting(blocked_after=30.0)
    body, never = Body(watchdog), asyncio.Event()

    async def full(given: Input) -> None:
        await never.wait()

    body.heart.post = full
    body.trouble = "no descriptors"
    async with body.alive():
        await body.clock.advance(60.0)
    assert watchdog.beats >= 12
