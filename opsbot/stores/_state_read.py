"""Rows of state.db back to the domain."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from opsbot.domain.action import Action, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.diagnostics import APART
from opsbot.domain.incident import TIMELINE_SHOWN, Entry, Incident
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, Receipt
from opsbot.domain.silence import Deploy, Silence
from opsbot.stores._codec import Unreadable, parse
from opsbot.stores._rebase import BootMark, shift_of, shifted
from opsbot.stores._rows import is_look, order_of_action, order_of_mark
from opsbot.stores.base import BUDGET_SECONDS, RECENT_SECONDS, Persisted

PAGE_ROWS = 200
"""Incidents read before other work of the store gets its turn: about 20 ms."""

T = TypeVar("T")
log = logging.getLogger(__name__)


class StateReader:
    """Reads as of one moment of one boot."""

    def __init__(self, db: sqlite3.Connection, boot_id: str, now: Moment) -> None:
        self._db = db
        self._now = now
        # SQLite takes `wall` from the row that has the greatest `mono` (sqlite.org/lang_select.html#bareagg).
        boots = db.execute(
            "SELECT boots.id, boot_id, max(mono), wall FROM writers JOIN boots ON boots.id = boot GROUP BY 1"
        )
        marks = {row: BootMark(name, Moment(mono, wall)) for row, name, mono, wall in boots}
        self.shifts = {row: shift_of(mark, boot_id, now) for row, mark in marks.items()}
        """Seconds to add to each boot's moments."""

    def persisted(self) -> Persisted:
        """All that a start needs, read in one transaction.

        Raises:
            sqlite3.Error: cannot be read.
        """
        self._db.execute("BEGIN")
        try:
            return self._persisted()
        finally:
            self._db.execute("COMMIT")

    def _persisted(self) -> Persisted:
        incidents = sorted(self._incidents().values(), key=lambda incident: incident.id)
        restarts = list(self._since(RestartMark, "restarts", "at", BUDGET_SECONDS))
        return Persisted(
            alerts=list(self._all(Alert, "alerts", "target, rule")),
            incidents=incidents,
            actions=list(self._where(Action, "actions", "ended IS NULL ORDER BY id")),
            looks=sorted(
                filter(is_look, self._since(Action, "actions", "ended", APART)), key=order_of_action
            ),
            desired=list(self._all(Desired, "desired", "target")),
            pauses=list(self._all(Pause, "pauses", "target")),
            silences=list(self._all(Silence, "silences", "id")),
            deploys=list(self._all(Deploy, "deploys", "target")),
            restarts=sorted(restarts, key=order_of_mark),
            notices=list(self._where(Notice, "notices", "done_at IS NULL ORDER BY id")),
            receipts=self._receipts([incident.id for incident in incidents]),
            next_incident=next_id(self._db, "incidents"),
            next_action=next_id(self._db, "actions"),
            next_notice=next_id(self._db, "notices"),
            next_silence=next_id(self._db, "silences"),
        )

    def _incidents(self) -> dict[int, Incident]:
        waited = "id IN (SELECT incident FROM notices WHERE done_at IS NULL)"
        found = list(self._since(Incident, "incidents", "resolved", RECENT_SECONDS))
        found += self._where(Incident, "incidents", f"resolved IS NULL OR {waited}")
        return {incident.id: self._with_timeline(incident) for incident in found}

    def incident(self, number: int) -> Incident | None:
        """One incident with the newest lines of its timeline."""
        for incident in self._where(Incident, "incidents", "id = ?", number):
            return self._with_timeline(incident)
        return None

    def newest_incidents(self, newest: int) -> list[Incident]:
        """Oldest first, without their timelines."""
        return list(self._where(Incident, "incidents", "1 ORDER BY id DESC LIMIT ?", newest))[::-1]

    def incidents_page(self, after: int) -> list[Incident]:
        """Those after a number, oldest first, without their timelines; as many as `PAGE_ROWS`."""
        return list(self._where(Incident, "incidents", "id > ? ORDER BY id LIMIT ?", after, PAGE_ROWS))

    def timeline(self, number: int, newest: int = -1) -> list[Entry]:
        """Oldest first; all of it, or the `newest` lines."""
        tail = "incident = ? ORDER BY line DESC LIMIT ?"
        return list(self._where(Entry, "timeline", tail, number, newest))[::-1]

    def _with_timeline(self, incident: Incident) -> Incident:
        return replace(incident, timeline=tuple(self.timeline(incident.id, TIMELINE_SHOWN)))

    def _receipts(self, incidents: list[int]) -> list[Receipt]:
        query = "SELECT notifier, incident, place FROM receipts WHERE incident = ? ORDER BY notifier"
        return [Receipt(*row) for number in incidents for row in self._db.execute(query, (number,))]

    def _all(self, kind: type[T], table: str, order: str) -> Iterator[T]:
        return self._where(kind, table, f"1 ORDER BY {order}")

    def _since(self, kind: type[T], table: str, column: str, seconds: float) -> Iterator[T]:
        """What ended within the last `seconds`, each boot by its own clock."""
        for boot, shift in self.shifts.items():
            oldest = self._now.mono - shift - seconds
            yield from self._where(kind, table, f"boot = ? AND {column} >= ?", boot, oldest)

    def _where(self, kind: type[T], table: str, tail: str, *values: object) -> Iterator[T]:
        # The names are constants of this module; values are always bound.
        for boot, body in self._db.execute(f"SELECT boot, body FROM {table} WHERE {tail}", values):  # noqa: S608
            try:
                yield shifted(parse(kind, body), self.shifts.get(boot, 0.0))
            except Unreadable as error:  # one bad row must not keep opsbot from starting
                log.warning("A row of %s is passed over: %s", table, error)


def next_id(db: sqlite3.Connection, table: str) -> int:
    """Greater than any id that the table ever had."""
    here: int = db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]  # noqa: S608
    row = db.execute("SELECT value FROM meta WHERE key = ?", (table,)).fetchone()
    return max(here, row[0] if row else 0) + 1
