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
from collections.abc import Iterable
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

_VALUES = 200_000
"""So many values are packed in one transaction at least: about 50 ms."""

_OLD_ROWS = 20_000
"""So many rows of the first schema in one transaction, but never less than one hour of a metric."""


@dataclass(slots=True)
class _Gathered:
    """Values of one metric in the order of arrival."""

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))

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
    """The oldest hour that is over; or one that is yet to come: the clock was set back, and that hour will
    come again."""
    row = db.execute(
        "SELECT hour, layout FROM recent WHERE hour < ? OR hour > ? ORDER BY hour LIMIT 1",
        ((now - LATE_MS) // HOUR_MS, now // HOUR_MS),
    ).fetchone()
    if row is None:
        return False
    hour, layout = row
    found = db.execute("SELECT source FROM layouts WHERE id = ?", (layout,)).fetchone()
    if found is None:  # nobody knows what these numbers are
        db.execute("DELETE FROM recent WHERE hour = ? AND layout = ?", (hour, layout))
        return True
    (source,) = found
    layouts = db.execute("SELECT id, names FROM layouts WHERE source = ?", (source,)).fetchall()
    names = {number: json.loads(text) for number, text in layouts}
    gathered, last = _gather(db, hour, names)
    note_series(db, source, list(gathered), hour)
    for metric, values in gathered.items():
        query = "SELECT id, final FROM series WHERE source = ? AND metric = ?"
        series, final = db.execute(query, (source, metric)).fetchone()
        _store(db, hour, (series, metric, nan if final is None else final), values)
    db.executemany(
        "DELETE FROM recent WHERE hour = ? AND layout = ? AND batch <= ?",
        [(hour, number, last) for number in names],
    )
    return True


def _gather(
    db: sqlite3.Connection, hour: int, names: dict[int, list[str]]
) -> tuple[dict[str, _Gathered], int]:
    """The values of a source in an hour by metric, and the number of the last batch they are from."""
    rows = sorted(
        (batch, layout)
        for layout in names
        for (batch,) in db.execute(
            "SELECT batch FROM recent WHERE hour = ? AND layout = ?", (hour, layout)
        ).fetchall()
    )
    gathered: dict[str, _Gathered] = {}
    last, count = 0, 0
    for batch, layout in rows:
        if count > _VALUES and batch != last:
            break
        query = "SELECT data FROM recent WHERE hour = ? AND layout = ? AND batch = ?"
        (data,) = db.execute(query, (hour, layout, batch)).fetchone()
        offsets, values = hot_columns(data, len(names[layout]))
        times = array("q", [hour * HOUR_MS + offset for offset in offsets])
        for place, metric in enumerate(names[layout]):
            one = gathered.setdefault(metric, _Gathered())
            one.times.extend(times)
            one.values.extend(values[place :: len(names[layout])])
        last, count = batch, count + len(values)
    return gathered, last


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
