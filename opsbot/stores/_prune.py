"""Retention of state.db: what ended long ago and nothing waits for is removed, the audit never."""

from __future__ import annotations

import sqlite3

from opsbot.stores._state_read import next_id
from opsbot.stores._state_write import raise_counters

CHUNK = 200
"""Incidents removed in one transaction, so that a commit never waits long behind a prune."""

_GONE = """SELECT id FROM incidents WHERE boot = ? AND resolved < ?
    AND id NOT IN (SELECT incident FROM notices WHERE done_at IS NULL) LIMIT ?"""


def prune_incidents(db: sqlite3.Connection, boot: int, before: float) -> int:
    """Removes up to `CHUNK` incidents that ended before `before` (mono of `boot`), and what hangs on them."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        _remember_ids(db)
        gone = db.execute(_GONE, (boot, before, CHUNK)).fetchall()
        for query in (
            "DELETE FROM timeline WHERE incident = ?",
            "DELETE FROM receipts WHERE incident = ?",
            "DELETE FROM incidents WHERE id = ?",
        ):
            db.executemany(query, gone)
    return len(gone)


def prune_done(db: sqlite3.Connection, boot: int, before: float) -> None:
    """Removes notices and actions that were done before `before` (mono of `boot`)."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        _remember_ids(db)
        db.execute("DELETE FROM notices WHERE done_boot = ? AND done_at < ?", (boot, before))
        db.execute("DELETE FROM actions WHERE boot = ? AND ended < ?", (boot, before))


def prune_marks(db: sqlite3.Connection, boot: int, before: float) -> None:
    """Removes restart marks that no budget counts any more."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM restarts WHERE boot = ? AND at < ?", (boot, before))


def _remember_ids(db: sqlite3.Connection) -> None:
    """An id is not given again when its row is gone."""
    raise_counters(db, {table: next_id(db, table) - 1 for table in ("incidents", "actions", "notices")})
