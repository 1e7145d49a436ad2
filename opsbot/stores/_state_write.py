"""How each kind of change becomes rows of state.db."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opsbot.domain.action import Action, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import NoticeDone, PauseEnded, TimelineLine
from opsbot.domain.incident import Incident
from opsbot.domain.levels import AlertState
from opsbot.domain.notice import Notice
from opsbot.domain.silence import Deploy, Silence
from opsbot.stores import _audit
from opsbot.stores._codec import dump
from opsbot.stores._rows import end_of_action, end_of_incident
from opsbot.stores.base import Batch


@dataclass(slots=True)
class _Writing:
    """One batch on its way: the connection, the row number of its boot, its moment (mono)."""

    db: sqlite3.Connection
    boot: int
    at: float


def write_batches(db: sqlite3.Connection, batches: Sequence[Batch]) -> None:
    """Writes the batches that were not written yet, in one transaction.

    Raises:
        sqlite3.Error: nothing was written.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        for batch in batches:
            _write(db, batch)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk ends the transaction by itself
            db.execute("ROLLBACK")
        raise


def _write(db: sqlite3.Connection, batch: Batch) -> None:
    row = db.execute("SELECT number FROM writers WHERE writer = ?", (batch.writer,)).fetchone()
    if row is not None and row[0] >= batch.number:
        return  # written already
    boot = _boot(db, batch.boot_id)
    db.execute(
        "INSERT OR REPLACE INTO writers VALUES (?, ?, ?, ?, ?)",
        (batch.writer, batch.number, boot, batch.at.mono, batch.at.wall),
    )
    writing = _Writing(db, boot, batch.at.mono)
    for change in batch.changes:
        _WRITERS[type(change)](writing, change)


def _boot(db: sqlite3.Connection, boot_id: str) -> int:
    find = "SELECT id FROM boots WHERE boot_id = ?"
    row = db.execute(find, (boot_id,)).fetchone()
    if row is None:
        db.execute("INSERT INTO boots (boot_id) VALUES (?)", (boot_id,))
        row = db.execute(find, (boot_id,)).fetchone()
    number: int = row[0]
    return number


def raise_counters(db: sqlite3.Connection, ids: Mapping[str, int]) -> None:
    """The counters are at least these, inside the caller's transaction."""
    query = """INSERT INTO meta VALUES (?, ?)
        ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)"""
    db.executemany(query, ids.items())


def _alert(to: _Writing, alert: Alert) -> None:
    if alert.state is AlertState.INACTIVE:
        to.db.execute("DELETE FROM alerts WHERE target = ? AND rule = ?", alert.key)
        return
    to.db.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)", (*alert.key, to.boot, dump(alert)))


def _incident(to: _Writing, incident: Incident) -> None:
    end = end_of_incident(incident)
    body = dump(replace(incident, timeline=()))
    to.db.execute(
        "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?)",
        (incident.id, to.boot, end.mono if end else None, body),
    )


def _timeline(to: _Writing, line: TimelineLine) -> None:
    to.db.execute(
        "INSERT INTO timeline SELECT ?1, coalesce(max(line), 0) + 1, ?2, ?3"
        " FROM timeline WHERE incident = ?1",
        (line.incident, to.boot, dump(line.entry)),
    )


def _action(to: _Writing, action: Action) -> None:
    end = end_of_action(action)
    to.db.execute(
        "INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?)",
        (action.id, to.boot, end.mono if end else None, dump(action)),
    )


def _desired(to: _Writing, desired: Desired) -> None:
    row = (desired.target, to.boot, dump(desired))
    to.db.execute("INSERT OR REPLACE INTO desired VALUES (?, ?, ?)", row)


def _pause(to: _Writing, pause: Pause) -> None:
    to.db.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?, ?)", (pause.target, to.boot, dump(pause)))


def _silence(to: _Writing, silence: Silence) -> None:
    raise_counters(to.db, {"silences": silence.id})
    if silence.ended is not None:
        to.db.execute("DELETE FROM silences WHERE id = ?", (silence.id,))
        return
    row = (silence.id, to.boot, dump(silence))
    to.db.execute("INSERT OR REPLACE INTO silences VALUES (?, ?, ?)", row)


def _deploy(to: _Writing, deploy: Deploy) -> None:
    row = (deploy.target, to.boot, dump(deploy))
    to.db.execute("INSERT OR REPLACE INTO deploys VALUES (?, ?, ?)", row)


def _pause_ended(to: _Writing, ended: PauseEnded) -> None:
    to.db.execute("DELETE FROM pauses WHERE target = ?", (ended.target,))


def _restart(to: _Writing, mark: RestartMark) -> None:
    row = (to.boot, mark.at.mono, mark.at.wall, mark.target, dump(mark))
    to.db.execute("INSERT OR REPLACE INTO restarts VALUES (?, ?, ?, ?, ?)", row)


def _audit_entry(to: _Writing, entry: AuditEntry) -> None:
    raise_counters(to.db, {"audit": _audit.append(to.db, dump(entry))})


def _notice(to: _Writing, notice: Notice) -> None:
    to.db.execute(
        "INSERT INTO notices (id, incident, boot, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " incident = excluded.incident, boot = excluded.boot, body = excluded.body WHERE done_at IS NULL",
        (notice.id, notice.incident, to.boot, dump(notice)),
    )


def _notice_done(to: _Writing, done: NoticeDone) -> None:
    to.db.execute(
        "UPDATE notices SET done_at = ?, done_boot = ?, dead = ? WHERE id = ? AND done_at IS NULL",
        (to.at, to.boot, done.dead.encode("utf-8", "backslashreplace").decode(), done.notice),
    )
    if done.receipt is not None:
        row = (done.receipt.incident, done.receipt.notifier, done.receipt.place)
        to.db.execute("INSERT OR REPLACE INTO receipts VALUES (?, ?, ?)", row)


_WRITERS: dict[type, Callable[[_Writing, Any], None]] = {
    Alert: _alert,
    Incident: _incident,
    TimelineLine: _timeline,
    Action: _action,
    Desired: _desired,
    Pause: _pause,
    PauseEnded: _pause_ended,
    Silence: _silence,
    Deploy: _deploy,
    RestartMark: _restart,
    AuditEntry: _audit_entry,
    Notice: _notice,
    NoticeDone: _notice_done,
}
