"""The prober in virtual time: when it asks, and when it believes what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from opsbot.domain.reach import Answer, Discord, Round, Via
from opsbot.engine.inputs import Input, ReachSeen
from opsbot.runtime.reach import CONFIRM, GAP, RETRY, TIMEOUT, Prober
from opsbot.testing.clock import VirtualClock


@dataclass
class Told:
    """A probe that answers as it is told. `takes`: seconds, on the clock."""

    clock: VirtualClock
    via: Via = Via.CONTROL
    name: str = "1.1.1.1:443"
    reached: bool = True
    discord: Discord | None = None
    takes: float = 0.0
    breaks: bool = False
    asked: list[float] = field(default_factory=list)

    async def ask(self) -> Answer:
        self.asked.append(self.clock.now().mono)
        if self.takes:
            await self.clock.sleep(self.takes)
        if self.breaks:
            raise RuntimeError("a broken sensor")
        return Answer(self.via, self.name, self.reached, "no route", self.discord)


@dataclass
class Desk:
    """A prober at work, and what it handed over."""

    clock: VirtualClock
    prober: Prober
    probe: Told
    rest: Told
    heard: list[Round]

    def newest(self) -> Round:
        return self.heard[-1]

    @property
    def verdicts(self) -> list[Round]:
        """Without what was told as soon as something was reached."""
        return [one for one in self.heard if one.discord is not None]


@asynccontextmanager
async def at_work(interval: float = 60.0, **how: bool) -> AsyncIterator[Desk]:
    clock, heard = VirtualClock(), list[Round]()

    async def post(given: Input) -> None:
        assert isinstance(given, ReachSeen)
        heard.append(given.found)

    probe = Told(clock, **how)  # type: ignore[arg-type]
    rest = Told(clock, Via.REST, "Discord's API", discord=Discord.UP)
    prober = Prober([probe, rest], clock, post, interval)
    running = asyncio.create_task(prober.run())
    try:
        await clock.settle()
        yield Desk(clock, prober, probe, rest, heard)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def lose_all(desk: Desk, *, lost: bool = True) -> None:
    """The line is cut, or mended."""
    desk.probe.reached = desk.rest.reached = not lost
    desk.rest.discord = None if lost else Discord.UP


async def test_it_asks_at_its_start_and_then_each_interval() -> None:
    async with at_work() as desk:
        await desk.clock.advance(185)
        start = desk.probe.asked[0]
        assert [moment - start for moment in desk.probe.asked] == [0, 60, 120, 180]
        assert {one.connected for one in desk.heard} == {True}


async def test_woken_it_asks_at_once_but_not_more_often_than_the_gap() -> None:
    async with at_work() as desk:
        await desk.clock.advance(10)
        for _ in range(20):
            desk.prober.wake()
            await desk.clock.advance(GAP / 10)
        since = [moment - desk.probe.asked[0] for moment in desk.probe.asked[1:]]
        assert since == [10, 10 + GAP, 10 + 2 * GAP]


async def test_woken_in_the_middle_of_a_round_it_begins_another() -> None:
    async with at_work() as desk:
        desk.probe.takes = 1.0
        desk.prober.wake()
        await desk.clock.advance(GAP + 0.5)
        desk.prober.wake()
        before = len(desk.probe.asked)
        await desk.clock.advance(GAP + 2)
        assert len(desk.probe.asked) == before + 1


async def test_that_something_is_reached_is_told_before_the_slowest_probe_has_answered() -> None:
    async with at_work() as desk:
        desk.rest.takes = 4.0
        desk.heard.clear()
        await desk.clock.advance(60.5)
        (early,) = desk.heard
        assert (early.connected, early.discord) == (True, None)
        await desk.clock.advance(5)
        assert desk.newest().discord is Discord.UP


async def test_one_round_that_reaches_nothing_is_not_believed() -> None:
    async with at_work() as desk:
        await desk.clock.advance(10)
        lose_all(desk)
        desk.prober.wake()
        await desk.clock.settle()
        assert all(one.connected for one in desk.heard)
        lose_all(desk, lost=False)
        await desk.clock.advance(CONFIRM)
        assert all(one.connected for one in desk.heard)


async def test_two_rounds_that_reach_nothing_are_and_then_it_asks_more_often_until_it_is_back() -> None:
    async with at_work() as desk:
        await desk.clock.advance(10)
        lose_all(desk)
        desk.prober.wake()
        await desk.clock.advance(CONFIRM)
        assert desk.newest().connected is False
        assert "1.1.1.1:443 (no route)" in desk.newest().tried
        rounds = len(desk.probe.asked)
        await desk.clock.advance(RETRY + 2 * RETRY)
        assert len(desk.probe.asked) == rounds + 2
        await desk.clock.advance(3600)
        assert len(desk.probe.asked) < rounds + 2 + 3600 / 60 + 2
        lose_all(desk, lost=False)
        await desk.clock.advance(60)
        assert desk.newest().connected is True
        assert desk.newest().discord is Discord.UP


async def test_that_discord_is_down_is_confirmed_too() -> None:
    async with at_work() as desk:
        desk.rest.discord = Discord.DOWN
        await desk.clock.advance(60)
        assert {one.discord for one in desk.verdicts} == {Discord.UP}
        await desk.clock.advance(CONFIRM)
        assert desk.newest().discord is Discord.DOWN


async def test_a_probe_that_hangs_was_not_reached_and_holds_nobody_up_for_longer_than_its_time() -> None:
    async with at_work() as desk:
        desk.probe.takes = desk.rest.takes = 1e6
        desk.heard.clear()
        await desk.clock.advance(60 + 2 * TIMEOUT + CONFIRM)
        assert [one.connected for one in desk.heard] == [False]
        assert "no answer within 5 s" in desk.heard[0].tried


async def test_a_probe_that_breaks_says_nothing_and_the_others_are_asked_on() -> None:
    async with at_work(breaks=True) as desk:
        await desk.clock.advance(130)
        assert {one.connected for one in desk.heard} == {True}
        desk.rest.breaks = True
        desk.heard.clear()
        await desk.clock.advance(120)
        assert {one.connected for one in desk.heard} == {None}
