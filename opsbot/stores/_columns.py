"""Values and spans of one metric as columns: what a history is joined and thinned with.

Columns instead of objects, because a chart of a month joins tens of thousands of spans: `min`, `max` and
`sum` over slices of an array take a tenth of the time.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite, isnan, nan
from operator import le

from opsbot.domain.series import DAY, HOUR, MINUTE, Bucket, increase

MS = 1_000
"""Times are kept in milliseconds since 1970 UTC."""

MINUTE_MS = MINUTE * MS
HOUR_MS = HOUR * MS

STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    int(DAY),
)
"""Seconds of spans that people read easily; each that is longer than a minute or an hour is made of such."""


def _longs() -> array[int]:
    return array("q")


def _doubles() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Columns:
    """Spans in columns of one length. `wall`: their starts in milliseconds since 1970 UTC; `total`: the sum
    of the `count` values of each; the rest as in `Bucket`."""

    wall: array[int] = field(default_factory=_longs)
    low: array[float] = field(default_factory=_doubles)
    high: array[float] = field(default_factory=_doubles)
    total: array[float] = field(default_factory=_doubles)
    last: array[float] = field(default_factory=_doubles)
    count: array[int] = field(default_factory=_longs)

    def __len__(self) -> int:
        return len(self.wall)

    def add(self, wall: int, low: float, high: float, total: float, last: float, count: int) -> None:
        """One more span."""
        self.wall.append(wall)
        self.low.append(low)
        self.high.append(high)
        self.total.append(total)
        self.last.append(last)
        self.count.append(count)

    def extend(self, more: Columns) -> None:
        """All spans of another, after those that are here."""
        for mine, theirs in zip(self._all(), more._all(), strict=True):
            mine.extend(theirs)  # type: ignore[arg-type]  # like to like

    def taken(self, places: Sequence[int] | slice) -> Columns:
        """The spans at these places, in that order."""
        if isinstance(places, slice):
            return Columns(*(column[places] for column in self._all()))  # type: ignore[arg-type]
        return Columns(*(array(c.typecode, [c[n] for n in places]) for c in self._all()))  # type: ignore[arg-type]

    def _all(self) -> tuple[array[int] | array[float], ...]:
        return self.wall, self.low, self.high, self.total, self.last, self.count


def of_values(times: array[int], values: array[float]) -> Columns:
    """Each value as a span of its own."""
    return Columns(times, values, values, values, values, array("q", [1]) * len(times))


def increases(values: array[float], before: float) -> array[float]:
    """What a counter gained with each of its values, in the order of arrival; `before`: the value before
    them, NaN when there was none: then the first tells nothing, and is NaN."""
    earlier = array("d", [before])
    earlier.extend(values)
    pairs = zip(earlier, values, strict=False)
    return array("d", [nan if isnan(a) else increase(a, b) for a, b in pairs])


def in_order(columns: Columns) -> Columns:
    """By time; of the same time in the order in which they came."""
    wall = columns.wall
    if all(map(le, wall, wall[1:])):
        return columns
    return columns.taken(sorted(range(len(wall)), key=wall.__getitem__))


def within(columns: Columns, since: int, until: int) -> Columns:
    """Those of ordered spans that begin in a range of milliseconds, both ends included."""
    begin, end = bisect_left(columns.wall, since), bisect_left(columns.wall, until + 1)
    return columns if end - begin == len(columns) else columns.taken(slice(begin, end))


def joined(columns: Columns, step: int) -> Columns:
    """Ordered spans joined to even ones of `step` milliseconds."""
    made, wall, begin, end = Columns(), columns.wall, 0, 0
    while begin < len(wall):
        slot = wall[begin] // step * step
        end = bisect_left(wall, slot + step, begin)
        part = slice(begin, end)
        made.add(
            slot,
            min(columns.low[part]),
            max(columns.high[part]),
            sum(columns.total[part]),
            columns.last[end - 1],
            sum(columns.count[part]),
        )
        begin = end
    return made


def step_for(since: int, until: int, most: int, least: int) -> int:
    """The shortest easy span, in milliseconds, that is no shorter than `least` and of which at most `most`
    cover a range of milliseconds."""
    for seconds in STEPS:
        if seconds * MS >= least and _spans(since, until, seconds * MS) <= most:
            return seconds * MS
    step = 7 * int(DAY) * MS
    while _spans(since, until, step) > most:
        step *= 2
    return step


def _spans(since: int, until: int, step: int) -> int:
    return until // step - since // step + 1


def buckets(columns: Columns) -> tuple[Bucket, ...]:
    """The spans as people read them."""
    rows = zip(
        columns.wall, columns.low, columns.high, columns.total, columns.last, columns.count, strict=True
    )
    return tuple(
        Bucket(wall / MS, low, high, _mean(low, high, total, count), last, count)
        for wall, low, high, total, last, count in rows
    )


def _mean(low: float, high: float, total: float, count: int) -> float:
    """Between the least and the greatest, whatever rounding or a sum that is too great for a float says."""
    return min(high, max(low, total / count)) if isfinite(total) else low / 2 + high / 2


def thinned(found: Iterable[Columns], since: int, until: int, most: int, least: int) -> tuple[int, Columns]:
    """At most `most` spans of a range, and their step in milliseconds; 0: they are raw values.

    `found`: what is known of the range, each in order. `least`: the longest span among it; 0: only values.
    """
    whole = Columns()
    for part in found:
        whole.extend(part)
    whole = within(in_order(whole), since - max(0, least - 1), until)
    if not least and len(whole) <= most:
        return 0, whole
    if not whole:
        return least, whole
    step = step_for(whole.wall[0], whole.wall[-1], most, least)
    return step, joined(whole, step)
