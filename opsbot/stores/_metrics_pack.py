"""metrics.db in the background: what was stored before the present hour is packed and rolled up.

One call is one short transaction: values are in `recent` and nowhere else, or packed and rolled up; so a kill
at any point costs nothing and repeats nothing. A counter's increases are made here, in the order in which its
values *arrived*: a clock that was set back puts newer values among older ones, and in the order of time a
counter would seem to begin anew at each of them.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isnan, nan
from operator import lt

from opsbot.domain.series import is_counter
from opsbot.stores._columns import (
    HOUR_MS,
    MINUTE_MS,
    Columns,
    in_order,
    increases,
    joined,
    of_values,
)
from opsbot.stores._metrics_write import note_series
from opsbot.stores._parts import RawPart, hot_columns, minute_bytes, raw_bytes

LATE_MS = 60_000
"""For so long after an hour's end its last batches may be on their way."""

_BYTES = 2 << 20
"""So much of `recent` is packed in one transaction: about 50 ms."""

_OLD_ROWS = 20_000
"""So many rows of the first schema in one transaction, but never less than one hour of a metric."""


@dataclass(slots=True)
class _Gathered:
    """Values of one metric in the order of arrival."""

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def by_hour(self) -> Iterator[tuple[int, _Gathered]]:
        """Runs of one hour. An hour comes again when the clock was set back."""
        begin = 0
        while begin < len(self.times):
            hour, end = self.times[begin] // HOUR_MS, begin + 1
            while end < len(self.times) and self.times[end] // HOUR_MS == hour:
                end += 1
            yield hour, _Gathered(self.times[begin:end], self.values[begin:end])
            begin = end

    def unique(self) -> _Gathered:
        """Of two values in one millisecond the later one."""
        if all(map(lt, self.times, self.times[1:])):
            return self
        kept: dict[int, float] = {}
        for at, value in zip(self.times, self.values, strict=True):
            kept.pop(at, None)
            kept[at] = value
        return _Gathered(array("q", kept), array("d", kept.values()))


def pack(db: sqlite3.Connection, now: int) -> bool:
    """Packs one piece (`now`: milliseconds since 1970 UTC); whether there was one."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        return _pack_old(db) or _pack_recent(db, now)


def spans_of(metric: str, times: array[int], values: array[float], before: float) -> Columns:
    """A metric's values as spans, by time: of a counter its increases. `times`, `values`: as they arrived."""
    if is_counter(metric):
        values = increases(values, before)
        if len(values) and isnan(values[0]):
            times, values = times[1:], values[1:]
    return in_order(of_values(times, values))


def _pack_recent(db: sqlite3.Connection, now: int) -> bool:
    """Of one source what is over, or of an hour that is yet to come: then the clock was set back."""
    span = ((now - LATE_MS) // HOUR_MS, now // HOUR_MS)
    query = "SELECT layout FROM recent WHERE hour < ? OR hour > ?"
    row = db.execute(f"{query} LIMIT 1", span).fetchone()
    if row is None:
        return False
    if _pack_source(db, row[0], span):
        return True
    others = db.execute(query.replace("SELECT", "SELECT DISTINCT"), span).fetchall()
    return any(_pack_source(db, layout, span) for (layout,) in others)


def _pack_source(db: sqlite3.Connection, layout: int, span: tuple[int, int]) -> bool:
    """Whether there was something of the source of a layout that may be packed: what arrived before anything
    of the present hour."""
    found = db.execute("SELECT source FROM layouts WHERE id = ?", (layout,)).fetchone()
    if found is None:  # nobody knows what these numbers are
        return db.execute("DELETE FROM recent WHERE layout = ?", (layout,)).rowcount > 0
    (source,) = found
    layouts = db.execute("SELECT id, names FROM layouts WHERE source = ?", (source,)).fetchall()
    names = {number: json.loads(text) for number, text in layouts}
    rows = _first_rows(db, names, span)
    for metric, values in _gathered(db, names, rows).items():
        note_series(db, source, [metric], max(values.times) // HOUR_MS)
        query = "SELECT id, final FROM series WHERE source = ? AND metric = ?"
        series, final = db.execute(query, (source, metric)).fetchone()
        before = nan if final is None else final
        for hour, part in values.by_hour():
            _store(db, hour, (series, metric, before), part)
            before = part.values[-1]
    db.executemany("DELETE FROM recent WHERE batch = ? AND hour = ? AND layout = ?", rows)
    return bool(rows)


def _first_rows(
    db: sqlite3.Connection, layouts: Iterable[int], span: tuple[int, int]
) -> list[tuple[int, int, int]]:
    """The batch, hour and layout of the rows that came first, as far as they may be packed; not too many."""
    rows = sorted(
        (batch, hour, layout, size)
        for hour in recent_hours(db)
        for layout in layouts
        for batch, size in db.execute(
            "SELECT batch, length(data) FROM recent WHERE hour = ? AND layout = ?", (hour, layout)
        )
    )
    first, taken = [], 0
    for batch, hour, layout, size in rows:
        if span[0] <= hour <= span[1] or taken > _BYTES:
            break
        first.append((batch, hour, layout))
        taken += size
    return first


def recent_hours(db: sqlite3.Connection) -> Iterator[int]:
    """The hours of which something is not packed yet."""
    (hour,) = db.execute("SELECT min(hour) FROM recent").fetchone()
    while hour is not None:
        yield hour
        (hour,) = db.execute("SELECT min(hour) FROM recent WHERE hour > ?", (hour,)).fetchone()


def _gathered(
    db: sqlite3.Connection, names: dict[int, list[str]], rows: Iterable[tuple[int, int, int]]
) -> dict[str, _Gathered]:
    """The values of rows by metric, in the order of arrival."""
    gathered: dict[str, _Gathered] = {}
    for batch, hour, layout in rows:
        query = "SELECT data FROM recent WHERE batch = ? AND hour = ? AND layout = ?"
        (data,) = db.execute(query, (batch, hour, layout)).fetchone()
        offsets, values = hot_columns(data, len(names[layout]))
        times = array("q", [hour * HOUR_MS + offset for offset in offsets])
        for place, metric in enumerate(names[layout]):
            one = gathered.setdefault(metric, _Gathered())
            one.times.extend(times)
            one.values.extend(values[place :: len(names[layout])])
    return gathered


def _store(db: sqlite3.Connection, hour: int, series: tuple[int, str, float], found: _Gathered) -> None:
    """Values of one metric in one hour, packed and rolled up. `series`: its number, name and last value."""
    number, metric, before = series
    values = found.unique()
    _put_behind(db, "raw", hour, number, raw_bytes(RawPart(values.times, values.values, before), hour))
    spans = spans_of(metric, values.times, values.values, before)
    if spans:
        minutes = joined(spans, MINUTE_MS)
        _put_behind(db, "minutes", hour, number, minute_bytes(minutes, hour))
        whole = joined(minutes, HOUR_MS)
        db.execute(
            "INSERT INTO hours VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " low = min(low, excluded.low), high = max(high, excluded.high),"
            " total = total + excluded.total, last = excluded.last, count = count + excluded.count",
            (hour, number, whole.low[0], whole.high[0], _held(whole.total[0]), whole.last[0], whole.count[0]),
        )
    db.execute("UPDATE series SET final = ? WHERE id = ?", (values.values[-1], number))


def _held(total: float) -> float:
    """A sum that SQLite can hold: not a number would be NULL."""
    return 0.0 if isnan(total) else total


def _put_behind(db: sqlite3.Connection, table: str, hour: int, series: int, part: bytes) -> None:
    row = db.execute(f"SELECT data FROM {table} WHERE hour = ? AND series = ?", (hour, series)).fetchone()  # noqa: S608 - `raw` or `minutes`
    data = part if row is None else row[0] + part
    db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (hour, series, data))  # noqa: S608 - likewise


# -- rows of the first schema


def _pack_old(db: sqlite3.Connection) -> bool:
    """Some hours of what an opsbot before the rollups stored, one row a value; these are before any other."""
    packed = 0
    while packed < _OLD_ROWS and (row := db.execute("SELECT series, t FROM old_samples LIMIT 1").fetchone()):
        packed += _pack_old_hour(db, row[0], row[1] // HOUR_MS)
    return packed > 0


def _pack_old_hour(db: sqlite3.Connection, number: int, hour: int) -> int:
    span = (number, hour * HOUR_MS, (hour + 1) * HOUR_MS)
    rows: Iterable[tuple[int, float]] = db.execute(
        "SELECT t, value FROM old_samples WHERE series = ? AND t >= ? AND t < ? ORDER BY t", span
    ).fetchall()
    found = _Gathered(array("q", [t for t, _ in rows]), array("d", [value for _, value in rows]))
    known = db.execute("SELECT metric, final FROM series WHERE id = ?", (number,)).fetchone()
    if known is not None:
        metric, final = known
        _store(db, hour, (number, metric, nan if final is None else final), found)
    db.execute("DELETE FROM old_samples WHERE series = ? AND t >= ? AND t < ?", span)
    return len(found.times)
