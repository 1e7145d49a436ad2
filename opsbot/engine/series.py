"""All windows of one metric."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

from opsbot.domain.expr import Reduce
from opsbot.engine.sliding import Sliding

SLOPE_LEAST = 0.5
"""A slope is unknown until its samples span this part of the window."""


class Mean(NamedTuple):
    """Sum and number of samples."""

    total: float
    samples: int


class Trend(NamedTuple):
    """What a least-squares line needs of its points, about their means (so that large values lose nothing).

    `first` and `last`: times in seconds; `tt` and `tv`: sums of squares and of products of deviations.
    """

    first: float
    last: float
    samples: int
    time: float
    value: float
    tt: float
    tv: float


def _join_means(a: Mean, b: Mean) -> Mean:
    return Mean(a.total + b.total, a.samples + b.samples)


def _join_trends(a: Trend, b: Trend) -> Trend:
    """Chan, Golub, LeVeque (1979), "Updating formulae and a pairwise algorithm for computing variances"."""
    samples = a.samples + b.samples
    dt, dv = b.time - a.time, b.value - a.value
    part = b.samples / samples
    weight = a.samples * part
    return Trend(
        a.first,
        b.last,
        samples,
        a.time + dt * part,
        a.value + dv * part,
        a.tt + b.tt + dt * dt * weight,
        a.tv + b.tv + dt * dv * weight,
    )


def _slope(trend: Trend, window: float) -> float | None:
    if trend.tt <= 0.0 or trend.last - trend.first < window * SLOPE_LEAST:
        return None
    return trend.tv / trend.tt


@dataclass(frozen=True, slots=True)
class _Fold:
    """One reduction: a sample (time, value) as a part, two parts as one, the last part as a number."""

    lift: Callable[[float, float], Any]
    join: Callable[[Any, Any], Any]
    finish: Callable[[Any, float], float | None]


def _value(_at: float, value: float) -> float:
    return value


def _same(total: float, _window: float) -> float:
    return total


_FOLDS = {
    Reduce.MEAN: _Fold(
        lambda _at, value: Mean(value, 1), _join_means, lambda mean, _window: mean.total / mean.samples
    ),
    Reduce.MIN: _Fold(_value, min, _same),
    Reduce.MAX: _Fold(_value, max, _same),
    Reduce.INCREASE: _Fold(_value, operator.add, _same),
    Reduce.SLOPE: _Fold(lambda at, value: Trend(at, at, 1, at, value, 0.0, 0.0), _join_trends, _slope),
}


class Series:
    """The windows of one metric, by (reduction, seconds).

    A counter's increase counts a fall as a reset (what it shows then came since zero), and the first value
    ever as nothing. What a counter gained over a gap between two samples is spread evenly over that gap: it
    did not all happen at its end, nor did nothing happen.
    """

    __slots__ = ("_at", "_counter", "_rises", "_windows")

    def __init__(self, wanted: Iterable[tuple[Reduce, float]]) -> None:
        self._windows = {
            (reduce, window): (_FOLDS[reduce], Sliding[Any](window, _FOLDS[reduce].join))
            for reduce, window in wanted
        }
        self._rises = [w for (reduce, _), (_, w) in self._windows.items() if reduce is Reduce.INCREASE]
        self._counter: tuple[float, float] | None = None
        self._at = float("-inf")

    @property
    def kept(self) -> frozenset[tuple[Reduce, float]]:
        """The windows, by (reduction, seconds)."""
        return frozenset(self._windows)

    def __len__(self) -> int:
        """Buckets held, of all windows."""
        return sum(len(window) for _, window in self._windows.values())

    def add(self, at: float, value: float, gap: float) -> bool:
        """Takes a value seen at `at` seconds; `gap`: a longer time since the last one is a gap.

        False when it was dropped: not finite, or older than the newest.
        """
        if not isfinite(value) or at < self._at:
            return False
        self._at = at
        for (reduce, _), (fold, window) in self._windows.items():
            if reduce is not Reduce.INCREASE:
                window.add(at, fold.lift(at, value))
        if self._rises:
            self._count(at, value, gap)
        return True

    def read(self, reduce: Reduce, window: float, now: float) -> float | None:
        """What the window holds at `now` seconds; None when it holds nothing, or is not kept."""
        kept = self._windows.get((reduce, window))
        if kept is None:
            return None
        fold, sliding = kept
        total = sliding.total(now)
        result = None if total is None else fold.finish(total, window)
        return result if result is not None and isfinite(result) else None

    def restart_counter(self) -> None:
        """The next value is a counter's first: it tells nothing about an increase."""
        self._counter = None

    def _count(self, at: float, value: float, gap: float) -> None:
        since, last = self._counter or (at, value)
        self._counter = (at, value)
        rise = value - last if value >= last else max(0.0, value)
        if not isfinite(rise):
            return
        for window in self._rises:
            if rise and at - since > gap:
                _spread(window, since, at, rise)
            else:
                window.add(at, rise)


def _spread(window: Sliding[float], since: float, at: float, rise: float) -> None:
    """Adds `rise` evenly over since…at, a bucket at a time, leaving out what the window has passed."""
    begin = max(since, at - window.window)
    per_second = rise / (at - since)
    for slot in range(int(begin // window.width) + 1, int(at // window.width) + 1):
        end = slot * window.width
        if begin < end < at:
            window.add((begin + end) / 2, (end - begin) * per_second)
            begin = end
    window.add(at, (at - begin) * per_second)
