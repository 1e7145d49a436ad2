"""When each check looks: on its interval with jitter, or at once when something woke it."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import inf

import structlog

from opsbot.checks.base import Check
from opsbot.clock import Clock
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Observation, Sample
from opsbot.domain.target import CheckSpec
from opsbot.errors import Stopping, UsageError
from opsbot.runtime.descriptors import exhausted
from opsbot.runtime.port import LoopInfo
from opsbot.runtime.pulse import Pulse
from opsbot.runtime.waiting import put_away, wait_until, within
from opsbot.runtime.watched import LOOPS, Watched, loop_of

AT_ONCE = 32
"""Checks that may look at the same time."""

SPREAD = 0.1
"""Part of an interval by which first looks are spread, so that they do not come in one burst."""

log = structlog.get_logger("opsbot.scheduler")

Sink = Callable[[Sample], Awaitable[None]]


@dataclass(slots=True)
class Scheduler:
    """Looks with every check and hands the samples to `sink`. Owns every look, also those that were asked
    for: `close` ends them. `blind`: why opsbot itself sees nothing now. `_plan`: when each is due, a heap; an
    entry whose time is not its check's any more is stale."""

    clock: Clock
    sink: Sink
    watched: list[Watched] = field(default_factory=list)
    blind: Callable[[], str] = exhausted
    pulse: Pulse = field(default_factory=Pulse)
    _plan: list[tuple[float, int, Watched]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _paused: set[str] = field(default_factory=set)
    _kick: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def add(self, target: str, spec: CheckSpec, check: Check) -> None:
        """Adds a check; its first look comes within a part of its interval."""
        digest = hashlib.blake2b(f"{target}/{spec.name}".encode(), digest_size=2).digest()
        delay = min(1.0, spec.interval * SPREAD) * int.from_bytes(digest) / 0xFFFF
        glance = getattr(check, "glance", None)
        item = Watched(target, spec, check, loop_of(spec.kind), glance)
        self.watched.append(item)
        self._set_due(item, self.clock.now().mono + delay)

    def go_on(self, before: Scheduler) -> None:
        """Takes over what is known of the looks that an earlier scheduler did for the same checks, and which
        loops are paused."""
        self._paused |= before._paused
        known = {(w.target, w.spec.name): w for w in before.watched}
        for item in self.watched:
            old = known.get((item.target, item.spec.name))
            if old is not None and old.check is item.check:
                self._set_due(item, min(old.due, self.clock.now().mono + item.spec.interval))
                item.last, item.runs, item.errors, item.broke = old.last, old.runs, old.errors, old.broke

    def wake(self, target: str, check: str | None = None) -> None:
        """Makes a target's checks (or one of them) due now."""
        now = self.clock.now().mono
        for item in self.watched:
            if item.target == target and check in (None, item.spec.name):
                self._set_due(item, now)
                item.again = item.looking is not None
        self._kick.set()

    async def run(self) -> None:
        """Works until cancelled; then no look is left running."""
        self._plan_anew()
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
        self._set_due(item, (item.due if on_time else now) + item.spec.interval)
        if item.looking is None:
            item.looking = asyncio.get_running_loop().create_task(self._look(item))
        return item.looking

    def _due(self, now: float) -> Iterator[Watched]:
        """Those that are due, each once when it is started before the next is asked for."""
        while self._plan and self._plan[0][0] <= now:
            due, _, item = heapq.heappop(self._plan)
            if item.due == due and item.loop not in self._paused:
                yield item

    def _pause_until(self, now: float) -> float | None:
        while self._plan:
            due, _, item = self._plan[0]
            if item.due == due and item.loop not in self._paused:
                return max(0.0, due - now)
            heapq.heappop(self._plan)
        return None

    def _set_due(self, item: Watched, due: float) -> None:
        item.due = due
        heapq.heappush(self._plan, (due, next(self._order), item))

    def _plan_anew(self) -> None:
        """Also for those that were paused, of which nothing is planned."""
        self._plan.clear()
        for item in self.watched:
            self._set_due(item, item.due)

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
                item.again = False
                self._set_due(item, self.clock.now().mono)
                self._kick.set()

    async def _observe(self, item: Watched) -> Observation:
        """What was seen; what looks bad to an opsbot that is blind itself is unknown."""
        seen = self._try_glance(item)
        if seen is None:
            async with self._slots:
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
            return _broke(item, broken)

    def _try_glance(self, item: Watched) -> Observation | None:
        if item.glance is None:
            return None
        try:
            return item.glance()
        except Exception as broken:
            return _broke(item, broken)

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
        self._plan_anew()
        self._kick.set()
        return replace(info, running=True)

    async def run_loop(self, name: str) -> LoopInfo:
        """Looks once with all checks of a loop, even a paused one. Raises UsageError for an unknown loop."""
        self._require(name)
        items = [w for w in self.watched if w.loop == name]
        await self._all(items)
        return self._require(name)

    def _require(self, name: str) -> LoopInfo:
        info = self._info(name)
        if info is None:
            known = ", ".join(loop.name for loop in self.loops())
            raise UsageError(f"There is no monitoring loop `{name}`: known are {known}.")
        return info

    def _info(self, name: str) -> LoopInfo | None:
        items = [w for w in self.watched if w.loop == name]
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


def _broke(item: Watched, broken: Exception) -> Observation:
    if item.broke != repr(broken):  # one that breaks at each look is said once
        log.warning("check broke", target=item.target, check=item.spec.name, exc_info=broken)
    item.broke = repr(broken)
    return Observation(Outcome.ERROR, f"the check broke: {type(broken).__name__}: {broken}")
