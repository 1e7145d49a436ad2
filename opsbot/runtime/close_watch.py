"""Watches a target more closely for a while: the worker of the action `monitor`.

It looks with checks of its own, beside those that look all the time. So nothing that it sees makes a rule
fire or a restart come sooner (three failures in a row mean three of the usual looks, not three seconds), and
the usual looks keep their baselines and their times.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf

import structlog

from opsbot.checks.base import Check
from opsbot.clock import Clock
from opsbot.domain.action import StepName
from opsbot.domain.levels import Outcome
from opsbot.domain.metrics import PID
from opsbot.domain.moment import Moment
from opsbot.domain.performance import LOG_ERRORS
from opsbot.domain.sample import Observation
from opsbot.domain.series import increase
from opsbot.domain.target import CheckSpec
from opsbot.draw.metric_values import scale_of
from opsbot.engine.outage import ON_DISCORD
from opsbot.engine.state import State
from opsbot.runtime.descriptors import exhausted
from opsbot.runtime.steps import StepBoard, StepFailed
from opsbot.runtime.waiting import within
from opsbot.text import number_text, one_line, seconds_text

EVERY = 1.0
"""Seconds between two looks; one that takes longer makes the next one come later."""

CLOSE_PATIENCE = 1.0
"""Seconds that a check has to let go of what it holds."""

SHOWN = {"cpu_percent": "CPU", "rss_bytes": "memory"}
"""Numbers that are told beside the response times, and how people call them."""

ANSWER_END = "_response_seconds"

_DETAIL = 120

Looks = Sequence[tuple[CheckSpec, Check]]

CloseUp = Callable[[str], Looks]
"""Makes the checks that watch a target closely; whoever asks closes them."""

log = structlog.get_logger("opsbot.close_watch")


@dataclass(slots=True)
class _Range:
    low: float = inf
    high: float = -inf
    total: float = 0.0
    count: int = 0

    def take(self, value: float) -> None:
        self.low, self.high = min(self.low, value), max(self.high, value)
        self.total, self.count = self.total + value, self.count + 1

    def text(self, metric: str) -> str:
        """ "12–88% (40% on average)"."""
        scale = scale_of(metric, self.high)
        low, high, mean = (
            number_text(v * scale.factor) for v in (self.low, self.high, self.total / self.count)
        )
        unit = scale.unit if scale.unit == "%" else f" {scale.unit}"
        return f"{low}{unit}" if low == high else f"{low}–{high}{unit} ({mean}{unit} on average)"


@dataclass(slots=True)
class _Seen:
    """What was seen so far. `bad`: by check; `why`: the first reason; `blind`: looks of which nothing can be
    told; `pids`: of the processes, in their order; `errors`: lines of the log."""

    looks: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    why: dict[str, str] = field(default_factory=dict)
    blind: Counter[str] = field(default_factory=Counter)
    ranges: dict[str, _Range] = field(default_factory=dict)
    pids: list[float] = field(default_factory=list)
    errors: float = 0.0
    _before: float | None = None

    def take(self, check: str, seen: Observation) -> None:
        if seen.outcome.bad:
            self.bad[check] += 1
            self.why.setdefault(check, one_line(seen.detail, _DETAIL))
        elif seen.outcome is Outcome.UNKNOWN:
            self.blind[check] += 1
        for metric, value in seen.metrics.items():
            if metric in SHOWN or metric.endswith(ANSWER_END):
                self.ranges.setdefault(metric, _Range()).take(value)
        errors = seen.metrics.get(LOG_ERRORS)
        if errors is not None:  # a count that is shared with the usual looks: it does not begin at 0
            self.errors += increase(self._before, errors) if self._before is not None else 0.0
            self._before = errors
        pid = seen.metrics.get(PID)
        if pid is not None and (not self.pids or self.pids[-1] != pid):
            self.pids.append(pid)

    def told(self, seconds: float, wanted: float) -> str:
        """What the incident's timeline says of it."""
        head = f"Watched for {seconds_text(seconds)}, {self.looks} looks"
        if wanted - seconds > 2 * EVERY:
            head += f" (opsbot was interrupted: not the whole {seconds_text(wanted)})"
        return f"{head}: {'; '.join(self._parts())}"

    def _parts(self) -> Iterator[str]:
        failed = [f"{name} failed {_times(count)} ({self.why[name]})" for name, count in self.bad.items()]
        yield ", ".join(failed) or "nothing failed"
        if unknown := [name for name, count in self.blind.items() if count == self.looks]:
            yield f"nothing can be told of {', '.join(unknown)}"
        for metric, values in self.ranges.items():
            name = SHOWN.get(metric, metric.removesuffix(ANSWER_END).replace("_", " ") + " answered in")
            yield f"{name} {values.text(metric)}"
        if self._before is not None:
            yield f"{number_text(self.errors)} errors in the log"
        if len(self.pids) > 1:
            yield f"it was started anew {_times(len(self.pids) - 1)}"


@dataclass(slots=True)
class CloseWatch:
    """Implements `actions.Worker`. One that was cut off goes on for the rest of its time; what the earlier
    opsbot saw of it is lost, and that is said."""

    state: State
    clock: Clock
    close_up: CloseUp | None = None

    async def work(self, board: StepBoard, resumed: bool) -> str:  # noqa: ARG002 - its time says it
        """Looks every second until the time is over, counted from when it was asked for."""
        known = self.state.known.get(board.action.target)
        wanted = known.target.close_watch if known is not None else 0.0
        began = self.clock.now()
        until = board.action.asked.after(wanted)
        if self.close_up is None or until.mono <= began.mono:
            raise StepFailed("its time was over while opsbot was away")
        seen = _Seen()
        async with _closing(self.close_up(board.action.target)) as looks:
            if not looks:
                raise StepFailed("none of its checks can look so often")
            with board.step(StepName.WATCH) as say:
                await self._watch(board, looks, seen, until)
                say(f"{seen.looks} looks")
        return seen.told(self.clock.now().since(began), wanted)

    async def _watch(self, board: StepBoard, looks: Looks, seen: _Seen, until: Moment) -> None:
        while (began := self.clock.now()).mono < until.mono:
            found = await asyncio.gather(*(self._look(spec, check) for spec, check in looks))
            for (spec, _), observed in zip(looks, found, strict=True):
                seen.take(spec.name, observed)
            seen.looks += 1
            left = until.since(self.clock.now())
            board.tell(StepName.WATCH, f"{seconds_text(round(left))} to go")
            pause = EVERY - self.clock.now().since(began)
            await self.clock.sleep(min(max(0.0, pause), left) if left > 0 else 0.0)

    async def _look(self, spec: CheckSpec, check: Check) -> Observation:
        """What a check sees; what looks bad to an opsbot that is blind or cut off itself is unknown."""
        try:
            seen = await within(check.look(), self.clock, spec.timeout)
        except TimeoutError:
            seen = Observation(Outcome.TIMEOUT, f"no answer within {spec.timeout:g} s")
        except Exception as broken:
            log.warning("a close look broke", check=spec.name, exc_info=broken)
            seen = Observation(Outcome.UNKNOWN, f"the check broke: {type(broken).__name__}")
        cut_off = self.state.reach.cut_off is not None and spec.kind in (*ON_DISCORD, "http", "upstream")
        if seen.outcome.bad and (cut_off or exhausted()):
            return Observation(Outcome.UNKNOWN, "opsbot itself sees nothing")
        return seen

    async def last_lines(self, target: str) -> list[str]:  # noqa: ARG002 - the port's
        """The target's own lines say nothing about a watch."""
        return []


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


@asynccontextmanager
async def _closing(looks: Looks) -> AsyncIterator[Looks]:
    try:
        yield looks
    finally:
        for spec, check in looks:
            try:
                async with asyncio.timeout(CLOSE_PATIENCE):
                    await check.close()
            except Exception:
                log.warning("a check of a close watch is not closed", check=spec.name, exc_info=True)
