"""The audit's hash chain.

Each row holds sha256(hash of the row before + body) in hex; the first stands on 64 zeros. Whoever changes or
removes a row would have to write every later one anew.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3

from opsbot.domain.audit import AuditEntry
from opsbot.stores._codec import Unreadable, parse

GENESIS = "0" * 64
"""What the first row's hash stands on."""

PAGE_ROWS = 500
"""Rows looked at before other work of the store gets its turn."""

_AFTER_ALL = (1 << 63) - 1

log = logging.getLogger(__name__)


def link(previous: str, body: str) -> str:
    """The hash of a row."""
    return hashlib.sha256((previous + body).encode("ascii", "backslashreplace")).hexdigest()


def append(connection: sqlite3.Connection, body: str) -> int:
    """Adds a row, inside the caller's transaction; returns its number."""
    last = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = last or (0, GENESIS)
    connection.execute("INSERT INTO audit VALUES (?, ?, ?)", (seq + 1, body, link(previous, body)))
    return int(seq) + 1


def check_page(connection: sqlite3.Connection, seq: int, previous: str) -> tuple[int | None, int, str]:
    """Looks at the rows after `seq`, whose hash is `previous`.

    Returns (first broken row or None, last row that was good, its hash); no further rows when the second
    is `seq` itself.
    """
    rows = connection.execute(
        "SELECT seq, body, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", (seq, PAGE_ROWS)
    )
    for number, body, stored in rows:
        expected = link(previous, str(body))
        if number != seq + 1 or stored != expected:
            return seq + 1, seq, previous
        seq, previous = number, expected
    return None, seq, previous


def expected_rows(connection: sqlite3.Connection) -> int:
    """How many rows were ever written: the chain alone does not show that its end was cut off."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'audit'").fetchone()
    return int(row[0]) if row else 0


def row_of(connection: sqlite3.Connection, link: str) -> int | None:
    """The number of the row with that hash; None when there is none."""
    row = connection.execute("SELECT seq FROM audit WHERE hash = ?", (link,)).fetchone()
    return None if row is None else int(row[0])


def page_before(connection: sqlite3.Connection, seq: int | None) -> tuple[list[AuditEntry], int]:
    """The rows before `seq` (None: from the end on), newest first, and the number of the oldest of them, 0
    when there are no more."""
    rows = connection.execute(
        "SELECT seq, body FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?",
        (_AFTER_ALL if seq is None else seq, PAGE_ROWS),
    ).fetchall()
    found = []
    for number, body in rows:
        try:
            found.append(parse(AuditEntry, str(body)))
        except Unreadable as error:  # whoever verifies finds it
            log.warning("Row %s of the audit is passed over: %s", number, error)
    return found, int(rows[-1][0]) if len(rows) == PAGE_ROWS else 0
