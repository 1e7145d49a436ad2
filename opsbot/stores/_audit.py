"""The audit's hash chain.

Each row holds sha256(hash of the row before + body) in hex; the first stands on 64 zeros. Whoever changes or
removes a row would have to write every later one anew.
"""

from __future__ import annotations

import hashlib
import sqlite3

GENESIS = "0" * 64
"""What the first row's hash stands on."""

PAGE_ROWS = 500
"""Rows looked at before other work of the store gets its turn."""


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
