"""Into metrics.db: a batch of samples, and a target's other name."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Sequence
from math import isfinite

from opsbot.domain.sample import Sample
from opsbot.stores._columns import HOUR_MS, MS
from opsbot.stores._parts import hot_bytes

Group = tuple[str, tuple[str, ...], int]
"""Target, metrics, hour: what stands together in one row of `recent`."""


def append(db: sqlite3.Connection, samples: Sequence[Sample]) -> None:
    """Stores a batch, whole or not at all."""
    groups = _grouped(samples)
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE flow SET batches = batches + 1")
        (batch,) = db.execute("SELECT batches FROM flow").fetchone()
        db.executemany(
            "INSERT INTO recent VALUES (?, ?, ?, ?)",
            [
                (group[2], _layout(db, group), batch, hot_bytes(offsets, values))
                for group, (offsets, values) in groups.items()
            ],
        )


def rename(db: sqlite3.Connection, old: str, new: str) -> None:
    """The sources of one target stand before another's from now on."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        (free,) = db.execute(
            "SELECT coalesce(max(rank), -1) + 1 FROM sources WHERE target = ?", (new,)
        ).fetchone()
        db.execute("UPDATE sources SET target = ?, rank = rank + ? WHERE target = ?", (new, free, old))


def source_of(db: sqlite3.Connection, target: str) -> int:
    """Where a target's samples go; made if it has none."""
    query = "SELECT id FROM sources WHERE target = ? ORDER BY rank DESC LIMIT 1"
    row = db.execute(query, (target,)).fetchone()
    if row is None:
        db.execute("INSERT INTO sources (target, rank) VALUES (?, 0)", (target,))
        row = db.execute(query, (target,)).fetchone()
    number: int = row[0]
    return number


def note_series(db: sqlite3.Connection, source: int, metrics: Sequence[str], hour: int) -> None:
    """These metrics have values in an hour."""
    db.executemany(
        "INSERT INTO series (source, metric, newest) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest)",
        [(source, metric, hour) for metric in metrics],
    )


def _grouped(samples: Sequence[Sample]) -> dict[Group, tuple[array[int], array[float]]]:
    groups: dict[Group, tuple[array[int], array[float]]] = {}
    for sample in samples:
        metrics = sample.metrics
        if not all(map(isfinite, metrics.values())):
            metrics = {name: value for name, value in metrics.items() if isfinite(value)}
        hour, offset = divmod(round(sample.at.wall * MS), HOUR_MS)
        group = (sample.target, tuple(metrics), hour)
        columns = groups.get(group)
        if columns is None:
            if not metrics:
                continue
            columns = groups[group] = (array("I"), array("d"))
        columns[0].append(offset)
        columns[1].extend(metrics.values())
    return groups


def _layout(db: sqlite3.Connection, group: Group) -> int:
    target, metrics, hour = group
    source, names = source_of(db, target), json.dumps(metrics)
    query = "SELECT id, newest FROM layouts WHERE source = ? AND names = ?"
    row = db.execute(query, (source, names)).fetchone()
    if row is None or row[1] < hour:  # once an hour
        db.execute(
            "INSERT INTO layouts (source, names, newest) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET newest = excluded.newest",
            (source, names, hour),
        )
        note_series(db, source, metrics, hour)
        row = db.execute(query, (source, names)).fetchone()
    number: int = row[0]
    return number
