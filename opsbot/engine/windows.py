"""What is remembered of a target's samples: the newest of each check, and windows of what rules read.

Time is `Moment.mono` alone: a step of the wall clock changes nothing.

- The newest value of a metric is what the newest sample of its check said. When that sample no longer has
  the metric (a dead process has no CPU), the value is unknown, not the last one known.
- A sample that is older than the newest of its check is dropped, and so is a value that is not finite.
- A check that has not been heard for `GAP_INTERVALS` of its intervals is unknown: its newest sample is no
  evidence any more. A window keeps what it holds until that is older than the window.
- What a counter gained over such a gap (opsbot or the machine slept, the check was paused) is spread evenly
  over the gap: see `engine.series`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from statistics import median
from types import MappingProxyType

from opsbot.domain.expr import Operand, Ratio, Reading, Reduce, operands
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.engine.series import Series

GAP_INTERVALS = 3
"""Silence for longer than this many usual intervals is a gap."""


@dataclass(frozen=True, slots=True)
class Need:
    """A window that some rule reads: `reduce` of `metric` over `window` seconds."""

    metric: str
    reduce: Reduce
    window: float


def needs(rules: Iterable[Rule]) -> frozenset[Need]:
    """Every window that rules read, in their conditions and in their messages."""
    found: set[Need] = set()
    for rule in rules:
        for operand in (*operands(rule.condition), *rule.shows):
            found.update(_needs_of(operand))
    return frozenset(need for need in found if 0.0 < need.window < inf)


def _longest(wanted: Iterable[Need]) -> dict[str, float]:
    result: dict[str, float] = {}
    for need in wanted:
        result[need.metric] = max(need.window, result.get(need.metric, 0.0))
    return result


def _needs_of(operand: Operand) -> Iterable[Need]:
    match operand:
        case Ratio(part=part, rest=rest, window=window):
            return (Need(part, Reduce.INCREASE, window), Need(rest, Reduce.INCREASE, window))
        case Reading(reduce=Reduce.LAST):
            return ()
        case Reading(metric=metric, reduce=reduce, window=window):
            return (Need(metric, reduce, window),)


class Windows:
    """Windows of one target.

    `intervals`: the longest usual time between two samples of each check, in seconds (its interval and its
    timeout); a check that is not named is never considered silent. `needs`: each metric that is kept, with
    the seconds of its longest window: the history that `seed` can use.
    """

    def __init__(self, wanted: Iterable[Need], intervals: Mapping[str, float] | None = None) -> None:
        wanted = tuple(wanted)
        self.needs: Mapping[str, float] = _longest(wanted)
        self.intervals: Mapping[str, float] = dict(intervals or {})
        by_metric: dict[str, set[tuple[Reduce, float]]] = {}
        for need in wanted:
            by_metric.setdefault(need.metric, set()).add((need.reduce, need.window))
        self._series = {metric: Series(sorted(kept)) for metric, kept in by_metric.items()}
        self._gaps = {check: GAP_INTERVALS * usual for check, usual in self.intervals.items()}
        self._newest: dict[str, Sample] = {}
        self._check_of: dict[str, str] = {}

    def __len__(self) -> int:
        """Buckets held, of all windows."""
        return sum(len(series) for series in self._series.values())

    @property
    def samples(self) -> Mapping[str, Sample]:
        """The newest sample of each check, however old."""
        return MappingProxyType(self._newest)

    def observe(self, sample: Sample) -> bool:
        """Takes a sample; False when it is older than the newest of its check, and dropped."""
        known = self._newest.get(sample.check)
        if known is not None and sample.at.mono < known.at.mono:
            return False
        self._newest[sample.check] = sample
        gap = self._gaps.get(sample.check, inf)
        for metric, value in sample.metrics.items():
            self._check_of[metric] = sample.check
            series = self._series.get(metric)
            if series is not None:
                series.add(sample.at.mono, value, gap)
        return True

    def seed(self, metric: str, points: Iterable[tuple[float, float]]) -> None:
        """Fills the windows of a metric from stored history: (`Moment.mono`, value), oldest first.

        To be called before the first live sample; a point that is newer than the samples to come would make
        them too old, so the caller leaves out what lies in the future. The newest value stays unknown, and
        a counter's next value counts as its first: it may have begun anew while opsbot was away.
        """
        series = self._series.get(metric)
        if series is None:
            return
        known = list(points)
        steps = [later - earlier for (earlier, _), (later, _) in pairwise(known) if later > earlier]
        gap = GAP_INTERVALS * median(steps) if steps else inf
        for at, value in known:
            series.add(at, value, gap)
        series.restart_counter()

    def go_on(self, before: Windows, checks: Collection[str]) -> None:
        """Takes over what earlier windows hold of these checks, before the first sample. What they did not
        keep begins empty (`empty`)."""
        self._newest = {c: s for c, s in before._newest.items() if c in checks}
        self._check_of = {m: c for m, c in before._check_of.items() if c in checks}
        for metric, series in self._series.items():
            old = before._series.get(metric)
            if old is not None and old.kept == series.kept and metric in self._check_of:
                self._series[metric] = old

    @property
    def empty(self) -> frozenset[str]:
        """Metrics whose windows hold nothing."""
        return frozenset(metric for metric, series in self._series.items() if not len(series))

    def interval(self, checks: Iterable[str]) -> float:
        """Seconds: the longest of the checks' intervals; 0 when none is known."""
        return max((self.intervals.get(check, 0.0) for check in checks), default=0.0)

    def sample(self, check: str, now: Moment) -> Sample | None:
        """The newest sample of a check; None when there is none, or it has been silent for too long."""
        newest = self._newest.get(check)
        if newest is None or now.mono - newest.at.mono > self._gaps.get(check, inf):
            return None
        return newest

    def read(self, operand: Operand, now: Moment) -> float | None:
        """The operand's number in its unit; None when it is unknown."""
        if isinstance(operand, Ratio):
            return self._ratio(operand, now)
        if operand.reduce is Reduce.LAST:
            value = self._last(operand.metric, now)
        else:
            value = self._window(operand.metric, operand.reduce, operand.window, now)
        return _finite(value * operand.scale) if value is not None else None

    def _ratio(self, ratio: Ratio, now: Moment) -> float | None:
        """A counter that was never seen counts as 0 beside one that rises."""
        part = self._window(ratio.part, Reduce.INCREASE, ratio.window, now) or 0.0
        rest = self._window(ratio.rest, Reduce.INCREASE, ratio.window, now) or 0.0
        whole = part + rest
        return _finite(ratio.scale * (part / whole)) if 0.0 < whole < inf else None

    def _last(self, metric: str, now: Moment) -> float | None:
        sample = self.sample(self._check_of.get(metric, ""), now)
        value = None if sample is None else sample.metrics.get(metric)
        return None if value is None else _finite(value)

    def _window(self, metric: str, reduce: Reduce, window: float, now: Moment) -> float | None:
        series = self._series.get(metric)
        return None if series is None else series.read(reduce, window, now.mono)


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
