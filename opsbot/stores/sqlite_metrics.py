"""metrics.db: the history of samples on SQLite, best effort."""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from math import nan
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.sample import Sample
from opsbot.domain.series import Keep, Series, is_counter
from opsbot.stores._columns import MS, buckets, increases, of_values, thinned
from opsbot.stores._database import Database
from opsbot.stores._file import FilePlan
from opsbot.stores._migrations import shipped
from opsbot.stores.base import Point

METRICS_NAME = "metrics.db"

BUSY_SECONDS = 1.0
"""How long another process's lock is waited for."""

PATIENCE_SECONDS = 2.0
"""How long a batch may take before it is given up."""

QUERY_SECONDS = 10.0
"""How long a query over the history may take."""

_CHECK_UP_TO = 64 << 20
"""A greater file is checked whole only after damage was met: 64 MiB take about 0.1 s."""

_PRUNE_ROWS = 20_000
"""Rows removed in one transaction, so that a batch never waits long behind a prune."""


class SqliteMetrics:
    """One file, one connection, WAL, synchronous=NORMAL: a power cut may cost the last batches, not the file.

    Times are kept to the millisecond; of two values of a metric in one millisecond the later one stays.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        busy: float = BUSY_SECONDS,
        patience: float = PATIENCE_SECONDS,
        read_only: bool = False,
    ) -> None:
        plan = FilePlan(path, shipped("metrics"), "NORMAL", busy, _CHECK_UP_TO)
        self._database = Database(plan, clock, patience=patience, read_only=read_only)

    @property
    def quarantined(self) -> Path | None:
        return self._database.quarantined

    async def append(self, samples: Sequence[Sample]) -> None:
        await self._database.write(partial(_append, samples=samples))

    async def series(self, target: str, metric: str, since: float, until: float) -> list[Point]:
        query = partial(_series, target=target, metric=metric, since=_ms(since), until=_ms(until))
        return await self._database.read(query, QUERY_SECONDS)

    async def names(self, target: str) -> list[str]:
        return await self._database.read(partial(_names, target=target), QUERY_SECONDS)

    async def rename(self, old: str, new: str) -> None:
        await self._database.write(partial(_rename, old=old, new=new))

    async def buckets(self, target: str, metric: str, since: float, until: float, most: int) -> Series:
        points = await self.series(target, metric, since, until)
        times = array("q", [_ms(point.wall) for point in points])
        values = array("d", [point.value for point in points])
        if is_counter(metric):
            times, values = times[1:], increases(values, nan)[1:]
        step, columns = thinned((of_values(times, values),), _ms(since), _ms(until), most, 0)
        return Series(target, metric, step / MS, buckets(columns))

    async def pack(self, now: float) -> bool:  # noqa: ARG002 - nothing is packed yet
        return False

    async def prune(self, now: float, keep: Keep) -> int:
        pruned = 0
        while count := await self._database.write(partial(_prune, before=_ms(now - keep.raw))):
            pruned += count
        return pruned

    async def shrink(self, most_bytes: int) -> float | None:  # noqa: ARG002 - nothing is rolled up yet
        return None

    async def close(self) -> None:
        await self._database.close()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _append(db: sqlite3.Connection, samples: Sequence[Sample]) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        ids: dict[tuple[str, str], int] = {}
        db.executemany("INSERT OR REPLACE INTO samples VALUES (?, ?, ?)", _rows(db, samples, ids))


def _rows(
    db: sqlite3.Connection, samples: Sequence[Sample], ids: dict[tuple[str, str], int]
) -> Iterator[tuple[int, int, float]]:
    for sample in samples:
        at = _ms(sample.at.wall)
        for metric, value in sample.metrics.items():
            if not math.isfinite(value):
                continue
            key = (sample.target, metric)
            if key not in ids:
                ids[key] = _series_id(db, key)
            yield ids[key], at, value


def _series_id(db: sqlite3.Connection, key: tuple[str, str]) -> int:
    query = "SELECT id FROM series WHERE target = ? AND metric = ?"
    row = db.execute(query, key).fetchone()
    if row is None:
        db.execute("INSERT INTO series (target, metric) VALUES (?, ?)", key)
        row = db.execute(query, key).fetchone()
    number: int = row[0]
    return number


def _series(db: sqlite3.Connection, target: str, metric: str, since: int, until: int) -> list[Point]:
    rows = db.execute(
        "SELECT t, value FROM samples JOIN series ON series.id = samples.series"
        " WHERE target = ? AND metric = ? AND t BETWEEN ? AND ? ORDER BY t",
        (target, metric, since, until),
    )
    return [Point(t / 1000, value) for t, value in rows]


def _names(db: sqlite3.Connection, target: str) -> list[str]:
    return [
        row[0] for row in db.execute("SELECT metric FROM series WHERE target = ? ORDER BY metric", (target,))
    ]


def _rename(db: sqlite3.Connection, old: str, new: str) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        find = "SELECT id FROM series WHERE target = ? AND metric = ?"
        for series, metric in db.execute("SELECT id, metric FROM series WHERE target = ?", (old,)).fetchall():
            row = db.execute(find, (new, metric)).fetchone()
            if row is None:
                db.execute("UPDATE series SET target = ? WHERE id = ?", (new, series))
                continue
            db.execute("UPDATE OR REPLACE samples SET series = ? WHERE series = ?", (row[0], series))
            db.execute("DELETE FROM series WHERE id = ?", (series,))


def _prune(db: sqlite3.Connection, before: int) -> int:
    left = _PRUNE_ROWS
    with db:
        db.execute("BEGIN IMMEDIATE")
        for (series,) in db.execute("SELECT id FROM series").fetchall():
            left -= db.execute(
                "DELETE FROM samples WHERE series = ? AND t IN"
                " (SELECT t FROM samples WHERE series = ? AND t < ? ORDER BY t LIMIT ?)",
                (series, series, before, left),
            ).rowcount
            if not left:
                break
        else:
            db.execute("DELETE FROM series WHERE id NOT IN (SELECT series FROM samples)")
    return _PRUNE_ROWS - left
