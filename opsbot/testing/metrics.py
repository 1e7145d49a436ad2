"""The history in memory: the same contract, no file."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsbot.domain.sample import Sample
from opsbot.domain.series import Keep, Series, is_counter
from opsbot.errors import StoreError
from opsbot.stores._columns import HOUR_MS, MINUTE_MS, MS, Columns, buckets, increases, joined, thinned
from opsbot.stores.base import Point

VALUE_BYTES = 16
"""What a value takes here: a time and a number."""


@dataclass(slots=True)
class _Past:
    """One metric: its values by millisecond, in the order of arrival, and what each added to its counter."""

    values: dict[int, float] = field(default_factory=dict)
    spans: dict[int, float] = field(default_factory=dict)
    newest: float = math.nan

    def add(self, at: int, value: float, *, counter: bool) -> None:
        gained = increases(array("d", [value]), self.newest)[0] if counter else value
        self.newest, self.values[at] = value, value
        if not math.isnan(gained):
            self.spans[at] = gained

    def take(self, other: _Past) -> None:
        self.values |= other.values
        self.spans |= other.spans

    def columns(self, since: int, until: int) -> Columns:
        times = sorted(at for at in self.spans if since <= at < until)
        values = array("d", [self.spans[at] for at in times])
        ones = array("q", [1]) * len(times)
        return Columns(array("q", times), values, values, values, values, ones)


class MemoryMetrics:
    """A `MetricsStore` without a file. `failure`: what every write raises while it is set.

    Every value stays as long as its hour is kept; what is pruned of it is its detail.
    """

    def __init__(self) -> None:
        self.failure: StoreError | None = None
        self.quarantined: Path | None = None
        self._past: dict[tuple[str, str], _Past] = {}
        self._raw_from = self._minutes_from = 0

    async def append(self, samples: Sequence[Sample]) -> None:
        """Keeps the metrics of samples, to the millisecond."""
        self._fail()
        for sample in samples:
            for metric, value in sample.metrics.items():
                if math.isfinite(value):
                    past = self._past.setdefault((sample.target, metric), _Past())
                    past.add(round(sample.at.wall * MS), value, counter=is_counter(metric))

    async def series(self, target: str, metric: str, since: float, until: float) -> list[Point]:
        """Values in a time range, oldest first."""
        past = self._past.get((target, metric), _Past())
        begin, end = max(round(since * MS), self._raw_from), round(until * MS)
        return [Point(at / MS, past.values[at]) for at in sorted(past.values) if begin <= at <= end]

    async def buckets(self, target: str, metric: str, since: float, until: float, most: int) -> Series:
        """Spans of a time range, oldest first."""
        past = self._past.get((target, metric), _Past())
        begin, end = round(since * MS), round(until * MS)
        hours = joined(past.columns(begin // HOUR_MS * HOUR_MS, self._minutes_from), HOUR_MS)
        minutes_from = max(begin // MINUTE_MS * MINUTE_MS, self._minutes_from)
        minutes = joined(past.columns(minutes_from, self._raw_from), MINUTE_MS)
        values = past.columns(max(begin, self._raw_from), end + 1)
        least = HOUR_MS if len(hours) else MINUTE_MS if len(minutes) else 0
        step, columns = thinned((hours, minutes, values), begin, end, most, least)
        return Series(target, metric, step / MS, buckets(columns))

    async def names(self, target: str) -> list[str]:
        """Metrics of a target that have values, sorted."""
        return sorted(metric for owner, metric in self._past if owner == target)

    async def rename(self, old: str, new: str) -> None:
        """Gives one target's values to another."""
        for owner, metric in list(self._past):
            if owner == old:
                past = self._past.pop((old, metric))
                self._past.setdefault((new, metric), _Past()).take(past)

    async def pack(self, now: float) -> bool:  # noqa: ARG002 - there is nothing to pack
        """Nothing waits."""
        self._fail()
        return False

    async def prune(self, now: float, keep: Keep) -> int:
        """Removes what is older, by whole hours."""
        self._fail()
        raw, minute, hour = (
            round((now - seconds) * MS) // HOUR_MS * HOUR_MS for seconds in (keep.raw, keep.minute, keep.hour)
        )
        pruned = self._hours_between(self._raw_from, raw) + self._hours_between(self._minutes_from, minute)
        self._raw_from, self._minutes_from = max(self._raw_from, raw), max(self._minutes_from, minute)
        return pruned + self._forget(hour)

    async def shrink(self, most_bytes: int) -> float | None:
        """Removes the oldest raw values, by whole hours."""
        self._fail()
        gone = None
        while (times := self._raw_times()) and len(times) * VALUE_BYTES > most_bytes:
            self._raw_from = times[0] // HOUR_MS * HOUR_MS + HOUR_MS
            gone = self._raw_from / MS
        return gone

    async def close(self) -> None:
        """Nothing to close."""

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _raw_times(self) -> list[int]:
        return sorted(at for past in self._past.values() for at in past.values if at >= self._raw_from)

    def _hours_between(self, since: int, until: int) -> int:
        return sum(
            len({at // HOUR_MS for at in past.values if since <= at < until}) for past in self._past.values()
        )

    def _forget(self, before: int) -> int:
        pruned = self._hours_between(0, before)
        for key, past in list(self._past.items()):
            past.values = {at: value for at, value in past.values.items() if at >= before}
            past.spans = {at: value for at, value in past.spans.items() if at >= before}
            if not past.values:
                del self._past[key]
        return pruned
