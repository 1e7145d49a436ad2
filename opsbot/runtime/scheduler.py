"""When each check looks: on its interval with jitter, or at once when something woke it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from math import inf

import structlog

from opsbot.checks.base import Check
from opsbot.clock import Clock
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Observation, Sample
from opsbot.domain.target import CheckSpec
from opsbot.errors import Stopping, UsageError
from opsbot.runtime.descriptors import exhausted
from opsbot.runtime.port import LoopInfo
from opsbot.runtime.pulse import Pulse
from opsbot.runtime.waiting import put_away, wait_until, within

AT_ONCE = 32
"""Checks that may look at the same time."""

SPREAD = 0.1
"""Part of an interval by which first looks are spread, so that they do not come in one burst."""

LOOPS = {
    "health": ("http", "port"),
    "performance": ("process",),
    "logs": ("log", "upstream"),
    "gateway": ("gateway", "sockets"),
    "disk": ("disk",),
}
"""The monitoring loops people can pause and run, and the kinds of checks in each."""

log = structlog.get_logger("opsbot.scheduler")

Sink = Callable[[Sample], Awaitable[None]]


@dataclass(slots=True)
class Watched:
    """One check of one target, with its state of schedule. `looking`: the look under way, if any; `again`: it
    was woken meanwhile, by something that this look may have been too early for."""

    target: str
    spec: CheckSpec
    check: Check
    due: float = 0.0
    looking: asyncio.Task[Sample] | None = None
    again: bool = False
    broke: str = ""
    last: Moment | None = None
    runs: int = 0
    errors: int = 0


@dataclass(slots=True)
class Scheduler:
    """Looks with every check and hands the samples to `sink`. Owns every look, also those that were asked
    for: `close` ends them. `blind`: why opsbot itself sees nothing now."""

    clock: Clock
    sink: Sink
    watched: list[Watched] = field(default_factory=list)
    blind: Callable[[], str] = exhausted
    pulse: Pulse = field(default_factory=Pulse)
    _paused: set[str] = field(default_factory=set)
    _kick: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def add(self, target: str, spec: CheckSpec, check: Check) -> None:
        """Adds a check; its first look comes within a part of its interval."""
        digest = hashlib.blake2b(f"{target}/{spec.name}".encode(), digest_size=2).digest()
        delay = min(1.0, spec.interval * SPREAD) * int.from_bytes(digest) / 0xFFFF
        self.watched.append(Watched(target, spec, check, self.clock.now().mono + delay))

    def go_on(self, before: Scheduler) -> None:
        """Takes over what is known of the looks that an earlier scheduler did for the same checks, and which
        loops are paused."""
        self._paused |= before._paused
        known = {(w.target, w.spec.name): w for w in before.watched}
        for item in self.watched:
            old = known.get((item.target, item.spec.name))
            if old is not None and old.check is item.check:
                item.due = min(old.due, self.clock.now().mono + item.spec.interval)
                item.last, item.runs, item.errors, item.broke = old.last, old.runs, old.errors, old.broke

    def wake(self, target: str, check: str | None = None) -> None:
        """Makes a target's checks (or one of them) due now."""
        now = self.clock.now().mono
        for item in self.watched:
            if item.target == target and check in (None, item.spec.name):
                item.due, item.again = now, item.looking is not None
        self._kick.set()

    async def run(self) -> None:
        """Works until cancelled; then no look is left running."""
        try:
            while True:
                self._kick.clear()
                now = self.clock.now().mono
                for item in self._due(now):
                    self._start(item)
                pause = self._pause_until(now)
                self.pulse.next("scheduler", inf if pause is None else now + pause)
                await wait_until(self._kick, self.clock, pause)
        finally:
            await self.end_looks()

    async def end_looks(self) -> None:
        """No look is left running, none begins any more."""
        self._ended = True
        await put_away(*[w.looking for w in self.watched if w.looking is not None])

    def _start(self, item: Watched) -> asyncio.Task[Sample]:
        """A look, or the one under way: looks of one check never overlap. The next one is due an interval
        after this one was, so that schedules do not drift; what was missed is not made up for."""
        now = self.clock.now().mono
        on_time = now - item.spec.interval < item.due <= now
        item.due = (item.due if on_time else now) + item.spec.interval
        if item.looking is None:
            item.looking = asyncio.get_running_loop().create_task(self._look(item))
        return item.looking

    def _due(self, now: float) -> list[Watched]:
        return [w for w in self.watched if w.due <= now and loop_of(w.spec.kind) not in self._paused]

    def _pause_until(self, now: float) -> float | None:
        dues = [w.due for w in self.watched if loop_of(w.spec.kind) not in self._paused]
        return max(0.0, min(dues) - now) if dues else None

    async def look(self, target: str, kinds: Iterable[str] | None = None) -> list[Sample]:
        """Looks at a target now with all its checks (of the given kinds) and returns the samples, which go
        to the sink too. Joins looks that are under way instead of overlapping them.

        Raises:
            Stopping: opsbot ends meanwhile.
        """
        wanted = None if kinds is None else set(kinds)
        chosen = [w for w in self.watched if w.target == target and (wanted is None or w.spec.kind in wanted)]
        return await self._all(chosen)

    async def _all(self, items: Iterable[Watched]) -> list[Sample]:
        looks = [] if self._ended else [self._start(item) for item in items]
        if looks:
            await asyncio.wait(looks)  # whoever asked may go: the looks go on
        if self._ended or any(look.cancelled() for look in looks):
            raise Stopping("opsbot is stopping: it looks no more.")
        return [look.result() for look in looks]

    async def _look(self, item: Watched) -> Sample:
        try:
            async with self._slots:
                seen = await self._observe(item)
            item.runs += 1
            item.errors += seen.outcome is Outcome.ERROR
            item.last = self.clock.now()
            sample = Sample.of(item.target, item.spec.name, item.last, seen)
            await self._hand_over(sample)
            return sample
        finally:
            item.looking = None
            if item.again:
                item.due, item.again = self.clock.now().mono, False
                self._kick.set()

    async def _observe(self, item: Watched) -> Observation:
        """What was seen; what looks bad to an opsbot that is blind itself is unknown."""
        seen = await self._try_look(item)
        blind = self.blind() if seen.outcome.bad else ""
        return Observation(Outcome.UNKNOWN, blind) if blind else seen

    async def _try_look(self, item: Watched) -> Observation:
        """A look whose every failure is an observation: a broken sensor is data."""
        try:
            return await within(item.check.look(), self.clock, item.spec.timeout)
        except TimeoutError:
            return Observation(Outcome.TIMEOUT, f"no answer within {item.spec.timeout:g} s")
        except Exception as broken:
            if item.broke != repr(broken):  # one that breaks at each look is said once
                log.warning("check broke", target=item.target, check=item.spec.name, exc_info=True)
            item.broke = repr(broken)
            return Observation(Outcome.ERROR, f"the check broke: {type(broken).__name__}: {broken}")

    async def _hand_over(self, sample: Sample) -> None:
        try:
            await self.sink(sample)
        except Exception:
            log.exception("a sample was lost", target=sample.target, check=sample.check)

    # -- loops, as people see them

    def loops(self) -> tuple[LoopInfo, ...]:
        """The monitoring loops that have checks."""
        return tuple(info for name in LOOPS if (info := self._info(name)) is not None)

    def pause_loop(self, name: str) -> LoopInfo:
        """Stops a loop's looks. Raises UsageError for an unknown loop."""
        info = self._require(name)
        self._paused.add(name)
        return replace(info, running=False)

    def resume_loop(self, name: str) -> LoopInfo:
        """Looks again, at once. Raises UsageError for an unknown loop."""
        info = self._require(name)
        self._paused.discard(name)
        self._kick.set()
        return replace(info, running=True)

    async def run_loop(self, name: str) -> LoopInfo:
        """Looks once with all checks of a loop, even a paused one. Raises UsageError for an unknown loop."""
        self._require(name)
        items = [w for w in self.watched if loop_of(w.spec.kind) == name]
        await self._all(items)
        return self._require(name)

    def _require(self, name: str) -> LoopInfo:
        info = self._info(name)
        if info is None:
            known = ", ".join(loop.name for loop in self.loops())
            raise UsageError(f"There is no monitoring loop `{name}`: known are {known}.")
        return info

    def _info(self, name: str) -> LoopInfo | None:
        items = [w for w in self.watched if loop_of(w.spec.kind) == name]
        if not items:
            return None
        return LoopInfo(
            name=name,
            interval=min(w.spec.interval for w in items),
            running=name not in self._paused,
            last=max((w.last for w in items if w.last), key=lambda m: m.mono, default=None),
            runs=sum(w.runs for w in items),
            errors=sum(w.errors for w in items),
        )

    async def close(self) -> None:
        """Ends every look and closes every check, also when one cannot be closed."""
        await self.end_looks()
        for item in self.watched:
            try:
                await item.check.close()
            except Exception:
                log.warning("check not closed", target=item.target, check=item.spec.name, exc_info=True)


def loop_of(kind: str) -> str:
    """The loop that a kind of check belongs to; a kind that no loop names is part of `health`."""
    return next((name for name, kinds in LOOPS.items() if kind in kinds), "health")
