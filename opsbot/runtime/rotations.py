"""Rotation of logs: looks at their sizes and times, and does what was decided about them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from opsbot.clock import Clock
from opsbot.domain.action import Rotate, StepName
from opsbot.domain.actor import AUTO
from opsbot.domain.moment import Moment
from opsbot.domain.rotation import RotationPolicy
from opsbot.engine.inputs import Input, RotateAsked
from opsbot.errors import Refused, RotationError, Stopping
from opsbot.rotation.base import Aside, Plan, Rotator, TooSmall
from opsbot.runtime.port import LoopInfo
from opsbot.runtime.steps import StepBoard
from opsbot.runtime.times import Times
from opsbot.runtime.waiting import wait_until
from opsbot.text import bytes_text

FIRST_LOOK = 30.0
"""Seconds after the start until the first look at a log's size, so that a start is not slowed by it."""

CLOCK_LOOK = 60.0
"""Seconds after which the wall clock is looked at again, which may have been set."""

LOOP = "rotation"
"""Its name among the monitoring loops."""

log = structlog.get_logger("opsbot.rotation")


@dataclass(slots=True)
class KeptLog:
    """A target's log: when it is rotated by itself, and what does it."""

    policy: RotationPolicy
    rotator: Rotator
    times: Times | None = None
    due: float = 0.0
    said: str = ""


@dataclass(slots=True)
class Rotations:
    """Looks at every log by size and time, and asks for what is due; does what was decided."""

    logs: Mapping[str, KeptLog]
    clock: Clock
    ask: Callable[[Input], Awaitable[object]]
    _paused: bool = False
    _kick: asyncio.Event = field(default_factory=asyncio.Event)
    _last: Moment | None = None
    _runs: int = 0
    _errors: int = 0

    def go_on(self, before: Rotations) -> None:
        """Takes over what is known of an earlier one's looks, and whether they are paused."""
        self._paused, self._last = before._paused, before._last
        self._runs, self._errors = before._runs, before._errors

    # -- looking

    async def run(self) -> None:
        """Looks until cancelled."""
        now = self.clock.now()
        for kept in self.logs.values():
            kept.due = now.mono + min(FIRST_LOOK, kept.policy.interval)
            kept.times = Times(kept.policy.cron, now.wall) if kept.policy.cron else None
        while True:
            self._kick.clear()
            if not self._paused:
                for target, kept in self.logs.items():
                    if kept.policy.enabled:
                        await self._look_if_due(target, kept)
            await wait_until(self._kick, self.clock, self._pause())

    def _pause(self) -> float:
        now = self.clock.now()
        waits = [CLOCK_LOOK]
        for kept in self.logs.values():
            if kept.policy.enabled and not self._paused:
                waits.append(max(0.0, kept.due - now.mono))
                at = kept.times.wait(now.wall) if kept.times else None
                waits += [] if at is None else [at]
        return max(0.01, min(waits))

    async def _look_if_due(self, target: str, kept: KeptLog) -> None:
        now = self.clock.now()
        by_time = kept.times is not None and kept.times.come(now.wall)
        if by_time or kept.due <= now.mono:
            kept.due = now.mono + kept.policy.interval
            await self._look(target, kept, by_time=by_time)

    async def _look(self, target: str, kept: KeptLog, *, by_time: bool = False) -> None:
        self._runs += 1
        self._last = self.clock.now()
        try:
            wish = await self._wish(kept, by_time=by_time)
            if wish is not None:
                await self.ask(RotateAsked(target, AUTO, *wish))
            else:
                await kept.rotator.prune()
            kept.said = ""
        except Refused as why_not:  # said by the guard: in progress, paused, or failed a moment ago
            log.debug("log not rotated", target=target, reason=str(why_not))
        except Stopping:
            return
        except (RotationError, OSError) as error:
            self._failed(target, kept, str(error))
        except Exception as broken:  # it costs one look at one log, not the watching
            self._failed(target, kept, repr(broken), broken)

    def _failed(self, target: str, kept: KeptLog, error: str, broken: Exception | None = None) -> None:
        self._errors += 1
        if kept.said != error:  # what is wrong at every look is said once
            log.warning("log not looked at", target=target, error=error, exc_info=broken)
        kept.said = error

    async def _wish(self, kept: KeptLog, *, by_time: bool) -> tuple[str, Rotate] | None:
        size = await kept.rotator.size() or 0
        if by_time and size:
            return f"its time has come ({kept.policy.cron})", Rotate()
        if size and size >= kept.policy.min_bytes:
            limit = bytes_text(kept.policy.min_bytes)
            return f"its log has {bytes_text(size)}, the limit is {limit}", Rotate(kept.policy.min_bytes)
        if any(not aside.busy for aside in await kept.rotator.asides()):
            return "an earlier rotation was not finished", Rotate(finish=True)
        return None

    # -- working

    async def work(self, board: StepBoard, resumed: bool) -> str:
        """Sets the log aside, compresses it, removes old archives; what earlier rotations left is finished
        first. One that was cut off sets nothing more aside: whether it already had cannot be known, and the
        next look at the size rotates what is still too large."""
        kept = self.logs[board.action.target]
        wanted = board.action.rotate or Rotate()
        older = await kept.rotator.asides()
        fresh, told = None, ""
        if resumed or wanted.finish:
            board.skip(StepName.SET_ASIDE, "only what was set aside before is finished")
        else:
            fresh, told = await self._set_aside(board, kept, wanted)
        ready = [aside for aside in (*older, *([fresh] if fresh else [])) if not aside.busy]
        compressed = await self._compress(board, kept, ready)
        removed = await self._prune(board, kept, wanted)
        waits = "; ".join(f"{one.path.name} is finished later: {one.busy}" for one in older if one.busy)
        return "; ".join(text for text in (told, compressed, waits, removed) if text) or "nothing to do"

    async def _set_aside(self, board: StepBoard, kept: KeptLog, wanted: Rotate) -> tuple[Aside | None, str]:
        size = await kept.rotator.size() or 0
        if size < max(1, wanted.min_bytes):
            why = "it is empty" if not size else f"it has {bytes_text(size)}, less than the limit"
            board.skip(StepName.SET_ASIDE, why)
            return None, f"the log stays as it is: {why}"
        try:
            with board.step(StepName.SET_ASIDE) as say:
                plan = await kept.rotator.plan()
                aside = await kept.rotator.set_aside(plan)
                text = _told(plan, aside)
                say(text)
        except TooSmall as too_small:  # nothing that anybody must do about
            board.skip(StepName.SET_ASIDE, str(too_small))
            return None, str(too_small).rstrip(".")
        return aside, text

    async def _compress(self, board: StepBoard, kept: KeptLog, asides: list[Aside]) -> str:
        if not asides:
            board.skip(StepName.COMPRESS, "nothing is ready")
            return ""
        done = []
        with board.step(StepName.COMPRESS) as say:
            for aside in asides:
                size = bytes_text(aside.size)

                def progress(part: float, size: str = size) -> None:
                    board.tell(StepName.COMPRESS, f"{part:.0%} of {size}")

                archived = await kept.rotator.compress(aside, progress)
                done.append(f"{archived.path.name} ({bytes_text(archived.compressed)})")
            say(", ".join(done))
        return f"archived as {', '.join(done)}"

    async def _prune(self, board: StepBoard, kept: KeptLog, wanted: Rotate) -> str:
        with board.step(StepName.PRUNE) as say:
            removed = await kept.rotator.prune(wanted.keep)
            keep = kept.policy.log.keep if wanted.keep is None else wanted.keep
            say(f"{len(removed)} removed, at most {keep} are kept")
        return f"{len(removed)} old removed" if removed else ""

    async def last_lines(self, target: str) -> list[str]:  # noqa: ARG002 - the port's
        """The target's own lines say nothing about a rotation."""
        return []

    # -- as a monitoring loop

    def loops(self) -> tuple[LoopInfo, ...]:
        """The loop, where anything is rotated by itself."""
        intervals = [kept.policy.interval for kept in self.logs.values() if kept.policy.enabled]
        if not intervals:
            return ()
        return (LoopInfo(LOOP, min(intervals), not self._paused, self._last, self._runs, self._errors),)

    def pause_loop(self) -> LoopInfo:
        """Looks no more until resumed."""
        self._paused = True
        return self.loops()[0]

    def resume_loop(self) -> LoopInfo:
        """Looks again."""
        self._paused = False
        self._kick.set()
        return self.loops()[0]

    async def run_loop(self) -> LoopInfo:
        """Looks once, now."""
        for target, kept in self.logs.items():
            if kept.policy.enabled:
                await self._look(target, kept)
        return self.loops()[0]


def _told(plan: Plan, aside: Aside) -> str:
    text = f"{bytes_text(aside.size)} set aside ({plan.why})"
    if aside.window > 0:
        text += f"; what was written within {aside.window * 1000:.1f} ms may be lost"
    return f"{text}; it is finished later: {aside.busy}" if aside.busy else text
