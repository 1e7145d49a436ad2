"""metrics.db kept to its time and its size: whole hours go, a bounded number of rows in one transaction."""

from __future__ import annotations

import sqlite3

ROWS = 1_000
"""Rows removed in one transaction, so that a batch never waits long."""

TABLES = ("raw", "minutes", "hours")
"""Resolutions in the order in which they are given up."""


def prune(db: sqlite3.Connection, table: str, before: int) -> int:
    """Removes some rows of the oldest hours before `before` (since 1970 UTC); returns how many."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        return db.execute(
            f"DELETE FROM {table} WHERE (hour, series) IN"  # noqa: S608 - one of TABLES
            f" (SELECT hour, series FROM {table} WHERE hour < ? ORDER BY hour LIMIT ?)",
            (before, ROWS),
        ).rowcount


def prune_names(db: sqlite3.Connection, before: int) -> None:
    """Forgets what had no value since that hour, and what has none at all any more."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.execute(
            "DELETE FROM layouts WHERE newest < ? AND id NOT IN (SELECT layout FROM recent WHERE hour < ?)",
            (before, before),
        )
        db.execute(
            "DELETE FROM series WHERE newest < ?"
            " AND NOT EXISTS (SELECT 1 FROM old_samples WHERE old_samples.series = series.id)",
            (before,),
        )
        db.execute(
            "DELETE FROM sources WHERE id NOT IN (SELECT source FROM series)"
            " AND id NOT IN (SELECT source FROM layouts)"
        )
        db.execute(
            "DELETE FROM old_series WHERE id NOT IN (SELECT id FROM series)"
            " AND NOT EXISTS (SELECT 1 FROM old_samples WHERE old_samples.series = old_series.id)"
        )


def used(db: sqlite3.Connection) -> int:
    """Bytes that the history takes. The file may be larger: what was removed leaves room for what comes."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def shrink(db: sqlite3.Connection, most_bytes: int) -> tuple[str, int] | None:
    """If more is taken, removes some rows of the oldest hour; returns their table and that hour, or None when
    there is nothing to remove."""
    old = db.execute("SELECT 1 FROM old_samples LIMIT 1").fetchone()
    if used(db) <= most_bytes or old:  # which take the most, and are packed one after the other
        return None
    for table in TABLES:
        (hour,) = db.execute(f"SELECT min(hour) FROM {table}").fetchone()  # noqa: S608 - one of TABLES
        if hour is not None:
            prune(db, table, hour + 1)
            return table, hour
    return None
