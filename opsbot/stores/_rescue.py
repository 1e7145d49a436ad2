"""What can still be read of a damaged state.db goes into the new one.

A target that a person stopped should stay stopped, and an incident's number must not be given twice: a button
in an old message names it.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from opsbot.stores._state_write import raise_counters
from opsbot.stores.base import Persisted

log = logging.getLogger(__name__)

_EPOCH = 1_767_225_600
"""2026-01-01 00:00 UTC."""

_TABLES = (
    "meta",
    "boots",
    "writers",
    "alerts",
    "incidents",
    "timeline",
    "actions",
    "desired",
    "pauses",
    "silences",
    "deploys",
    "restarts",
    "notices",
    "receipts",
    "audit",
)


def fresh_ids(wall: float) -> Persisted:
    """An empty state whose ids are greater than any that an unreadable file can have given.

    Incidents count from the minutes since 2026 and notices and actions from the seconds: no state gives ids
    faster than that for long.
    """
    seconds = max(0, int(wall) - _EPOCH)
    number = 10_000_000 + seconds
    return Persisted(next_incident=100_000 + seconds // 60, next_action=number, next_notice=number)


def rescue_state(new: sqlite3.Connection, damaged: Path, wall: float) -> int:
    """Copies every row that can be read, table by table; returns how many. `wall`: now.

    Raises:
        sqlite3.Error: the new file cannot be written.
    """
    try:
        old = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        copied, whole = 0, frozenset[str]()
    else:
        old.text_factory = new.text_factory
        copied, whole = _copy_all(new, old)
        old.close()
    _raise_counters(new, fresh_ids(wall), whole)
    log.warning("%d rows of the damaged %s were rescued", copied, damaged.name)
    return copied


def _copy_all(new: sqlite3.Connection, old: sqlite3.Connection) -> tuple[int, frozenset[str]]:
    """How many rows were copied, and the tables that could be read to their end."""
    copied, whole = 0, set()
    for table in _TABLES:
        rows, complete = _readable(new, old, table)
        if rows:
            _insert(new, table, rows)
        copied += len(rows)
        if complete:
            whole.add(table)
    return copied, frozenset(whole)


def _insert(new: sqlite3.Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    with new:
        new.execute("BEGIN IMMEDIATE")
        new.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608


def _readable(
    new: sqlite3.Connection, old: sqlite3.Connection, table: str
) -> tuple[list[tuple[object, ...]], bool]:
    """The rows up to the first that cannot be read, and whether that was all."""
    names = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
    rows: list[tuple[object, ...]] = []
    try:
        # By the table itself: an index may be what is broken.
        for row in old.execute(f"SELECT {', '.join(names)} FROM {table} NOT INDEXED"):  # noqa: S608
            rows.append(row)  # noqa: PERF402 - the rows before the broken one are kept
    except (sqlite3.Error, UnicodeError):
        return rows, False
    return rows, True


def _raise_counters(new: sqlite3.Connection, ids: Persisted, whole: frozenset[str]) -> None:
    """Where it is not known which ids were given, they go on where none can have been."""
    floor = {
        "incidents": ids.next_incident - 1,
        "actions": ids.next_action - 1,
        "notices": ids.next_notice - 1,
    }
    unknown = {table: number for table, number in floor.items() if not whole >= {"meta", table}}
    with new:
        new.execute("BEGIN IMMEDIATE")
        raise_counters(new, unknown)
