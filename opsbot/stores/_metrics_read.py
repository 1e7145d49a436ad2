"""Out of metrics.db: values and spans, wherever they lie."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import nan
from operator import lt

from opsbot.domain.series import Series
from opsbot.stores._columns import (
    HOUR_MS,
    MINUTE_MS,
    MS,
    Columns,
    buckets,
    in_order,
    step_for,
    thinned,
    within,
)
from opsbot.stores._metrics_pack import recent_hours, spans_of
from opsbot.stores._parts import RawPart, hot_columns, minute_columns, raw_parts
from opsbot.stores.base import Point


@dataclass(frozen=True, slots=True)
class _Stream:
    """One metric of one source. `final`: its value that was packed last, NaN if none was."""

    source: int
    series: int
    metric: str
    final: float


@dataclass(frozen=True, slots=True)
class _Range:
    """Milliseconds since 1970 UTC, both ends included."""

    since: int
    until: int

    @property
    def hours(self) -> tuple[int, int]:
        """The first and the last hour that it touches."""
        return self.since // HOUR_MS, self.until // HOUR_MS

    def holds(self, hour: int) -> bool:
        """Whether all of an hour is in it."""
        return self.since <= hour * HOUR_MS and (hour + 1) * HOUR_MS - 1 <= self.until


def names(db: sqlite3.Connection, target: str) -> list[str]:
    """The metrics of a target that have values, sorted."""
    query = (
        "SELECT DISTINCT metric FROM series JOIN sources ON sources.id = source"
        " WHERE target = ? ORDER BY metric"
    )
    return [row[0] for row in db.execute(query, (target,))]


def values(db: sqlite3.Connection, target: str, metric: str, since: int, until: int) -> list[Point]:
    """Every value of a range that is kept, by time; of one millisecond the one that came last."""
    span = _Range(since, until)
    times, found = array("q"), array("d")
    for stream in _streams(db, target, metric):
        for part in _raw_parts(db, stream, span):
            times.extend(part.times)
            found.extend(part.values)
    pairs: Iterable[tuple[int, float]] = zip(times, found, strict=True)
    if not all(map(lt, times, times[1:])):
        pairs = sorted(dict(pairs).items())
    return [Point(at / MS, value) for at, value in pairs if since <= at <= until]


def series(db: sqlite3.Connection, target: str, metric: str, span: tuple[int, int], most: int) -> Series:
    """A range of milliseconds in at most `most` buckets."""
    asked = _Range(*span)
    streams = [_Read(db, stream, asked) for stream in _streams(db, target, metric)]
    step = _step(streams, most)
    found = [part for read in streams for part in read.spans(step)]
    least = max((read.least for read in streams), default=0)
    step, columns = thinned(found, asked.since, asked.until, most, least)
    return Series(target, metric, step / MS, buckets(columns))


def _step(streams: list[_Read], most: int) -> int:
    """The span that buckets will have as far as can be told beforehand; 0: every value is one."""
    if sum(read.count for read in streams) <= most:
        return 0
    begin = min(read.begin for read in streams if read.count)
    end = max(read.end for read in streams if read.count)
    return step_for(begin, end, most, 0)


class _Read:
    """One stream's part of an answer. `least`: the longest span that had to be taken, 0 if only values."""

    def __init__(self, db: sqlite3.Connection, stream: _Stream, asked: _Range) -> None:
        self._db, self._stream, self._asked = db, stream, asked
        self._hours = _hour_columns(db, stream, asked)
        unpacked = [_spans(stream.metric, p) for p in (_old(db, stream, asked), _recent(db, stream))]
        self._unpacked = [within(part, asked.since, asked.until) for part in unpacked]
        self.least = 0

    @property
    def count(self) -> int:
        """Values in the range, or a little more."""
        return sum(self._hours.count) + sum(map(len, self._unpacked))

    @property
    def begin(self) -> int:
        """The first moment of which anything is known."""
        return max(self._asked.since, min([*self._hours.wall[:1], *(p.wall[0] for p in self._unpacked if p)]))

    @property
    def end(self) -> int:
        """The last one."""
        ends = [wall + HOUR_MS - 1 for wall in self._hours.wall[-1:]]
        return min(self._asked.until, max([*ends, *(p.wall[-1] for p in self._unpacked if p)]))

    def spans(self, step: int) -> list[Columns]:
        """What is known, for spans of `step` milliseconds: of each hour the coarsest resolution that makes
        no difference, or else the finest that is kept."""
        known = {wall // HOUR_MS: n for n, wall in enumerate(self._hours.wall)}
        coarse = {hour for hour in known if step >= HOUR_MS and self._asked.holds(hour)}
        wanted, found = known.keys() - coarse, list(self._unpacked)
        if step < MINUTE_MS:
            for hour, data in _rows(self._db, "raw", self._stream.series, wanted):
                parts = [_spans(self._stream.metric, part) for part in raw_parts(data, hour)]
                found += [within(part, self._asked.since, self._asked.until) for part in parts]
                wanted = wanted - {hour}
        for hour, data in _rows(self._db, "minutes", self._stream.series, wanted):
            found.append(self._of_minutes(minute_columns(data, hour)))
            wanted = wanted - {hour}
            self.least = max(self.least, MINUTE_MS)
        if coarse or wanted:
            self.least = HOUR_MS
        found.append(self._hours.taken([known[hour] for hour in sorted(coarse | wanted)]))
        return found

    def _of_minutes(self, minutes: Columns) -> Columns:
        return within(in_order(minutes), self._asked.since - MINUTE_MS + 1, self._asked.until)


def _streams(db: sqlite3.Connection, target: str, metric: str) -> list[_Stream]:
    """The one whose values stand before the others' comes last."""
    rows = db.execute(
        "SELECT source, series.id, metric, final FROM series JOIN sources ON sources.id = source"
        " WHERE target = ? AND metric = ? ORDER BY rank",
        (target, metric),
    )
    return [_Stream(source, number, name, nan if f is None else f) for source, number, name, f in rows]


def _spans(metric: str, part: RawPart) -> Columns:
    return spans_of(metric, part.times, part.values, part.before)


def _hour_columns(db: sqlite3.Connection, stream: _Stream, asked: _Range) -> Columns:
    found = Columns()
    bounds = _bounds(db, "hours", asked)
    for hour, *row in db.execute(
        f"{_HOURS} SELECT hour, low, high, total, last, count FROM span CROSS JOIN hours"  # noqa: S608 - a constant
        " ON hour = n AND series = ?",
        (*bounds, stream.series),
    ):
        found.add(hour * HOUR_MS, *row)
    return found


_HOURS = "WITH RECURSIVE span (n) AS (SELECT ?1 WHERE ?1 <= ?2 UNION ALL SELECT n + 1 FROM span WHERE n < ?2)"
"""Every hour of a range: rows stand by hour first, so those of one series are looked up one by one."""


def _rows(
    db: sqlite3.Connection, table: str, series: int, hours: Iterable[int]
) -> Iterator[tuple[int, bytes]]:
    query = f"SELECT data FROM {table} WHERE hour = ? AND series = ?"  # noqa: S608 - `raw` or `minutes`
    for hour in sorted(hours):
        if row := db.execute(query, (hour, series)).fetchone():
            yield hour, row[0]


def _bounds(db: sqlite3.Connection, table: str, asked: _Range) -> tuple[int, int]:
    """The hours of a range, as far as there are rows."""
    (low,) = db.execute(f"SELECT min(hour) FROM {table}").fetchone()  # noqa: S608 - a name of ours
    (high,) = db.execute(f"SELECT max(hour) FROM {table}").fetchone()  # noqa: S608 - likewise
    first, last = asked.hours
    return (max(first, low), min(last, high)) if low is not None else (1, 0)


def _raw_parts(db: sqlite3.Connection, stream: _Stream, asked: _Range) -> Iterator[RawPart]:
    """Every value of the hours that a range touches, as they came: of the first schema, packed, recent."""
    first, last = _bounds(db, "raw", asked)
    yield _old(db, stream, asked)
    for hour, data in _rows(db, "raw", stream.series, range(first, last + 1)):
        yield from raw_parts(data, hour)
    yield _recent(db, stream)


def _old(db: sqlite3.Connection, stream: _Stream, asked: _Range) -> RawPart:
    rows = db.execute(
        "SELECT t, value FROM old_samples WHERE series = ? AND t BETWEEN ? AND ? ORDER BY t",
        (stream.series, asked.since, asked.until),
    ).fetchall()
    return RawPart(array("q", [t for t, _ in rows]), array("d", [value for _, value in rows]), nan)


def _recent(db: sqlite3.Connection, stream: _Stream) -> RawPart:
    """Everything that came since the last packing; no more than an hour or two, and a counter's increases
    follow from one another."""
    layouts = {
        number: (len(metrics), metrics.index(stream.metric))
        for number, text in db.execute("SELECT id, names FROM layouts WHERE source = ?", (stream.source,))
        if stream.metric in (metrics := json.loads(text))
    }
    rows = sorted(
        (batch, hour, layout, data)
        for hour in recent_hours(db)
        for layout in layouts
        for batch, data in db.execute(
            "SELECT batch, data FROM recent WHERE hour = ? AND layout = ?", (hour, layout)
        )
    )
    part = RawPart(array("q"), array("d"), _before_recent(db, stream))
    for _, hour, layout, data in rows:
        width, place = layouts[layout]
        offsets, found = hot_columns(data, width)
        part.times.extend([hour * HOUR_MS + offset for offset in offsets])
        part.values.extend(found[place::width])
    return part


def _before_recent(db: sqlite3.Connection, stream: _Stream) -> float:
    query = "SELECT value FROM old_samples WHERE series = ? ORDER BY t DESC LIMIT 1"
    row = db.execute(query, (stream.series,)).fetchone()
    return stream.final if row is None else float(row[0])
