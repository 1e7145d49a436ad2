"""state.db: the state store on SQLite."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.audit import ActFilter, AuditCheck, AuditEntry
from opsbot.domain.change import Change
from opsbot.domain.incident import Entry, Incident
from opsbot.stores import _audit, _prune
from opsbot.stores._database import Database
from opsbot.stores._file import FilePlan
from opsbot.stores._migrations import shipped
from opsbot.stores._rescue import rescue_state
from opsbot.stores._rows import open_between
from opsbot.stores._state_read import StateReader
from opsbot.stores._state_write import write_batches
from opsbot.stores.base import ALL_ACTS, AUDIT_LOOK, BUDGET_SECONDS, Batch, Persisted

STATE_NAME = "state.db"

BUSY_SECONDS = 1.0
"""How long another process's lock is waited for."""

PATIENCE_SECONDS = 2.0
"""How long a commit may take in all before the caller goes on without it."""

OPEN_SECONDS = 60.0
"""How long checking, migrating and reading a big file at start may take."""

_CLOCK_SET = 86_400.0
"""Seconds by which a wall clock may have been set while acts were written: so much further back is looked."""

_CHECK_UP_TO = 1 << 40
"""state.db is small and precious: always checked whole."""


class SqliteState:
    """One file, one writing connection, WAL, synchronous=FULL. Opens on first use, and anew after errors.

    `read_only`: for commands that look at the file beside a running opsbot; they lock and write nothing.
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
        self._clock = clock
        self._writer = uuid.uuid4().hex
        self._number = 0
        plan = FilePlan(path, shipped("state"), "FULL", busy, _CHECK_UP_TO, self._rescue)
        self._database = Database(plan, clock, patience=patience, read_only=read_only)

    @property
    def quarantined(self) -> Path | None:
        return self._database.quarantined

    async def load(self) -> Persisted:
        return await self._database.read(lambda db: self._reader(db).persisted(), OPEN_SECONDS)

    async def commit(self, changes: Sequence[Change]) -> None:
        self._number += 1
        now = self._clock.now()
        await self.write([Batch(self._writer, self._number, self._clock.boot_id, now, tuple(changes))])

    async def write(self, batches: Sequence[Batch]) -> None:
        await self._database.write(partial(write_batches, batches=batches))

    async def incident(self, number: int) -> Incident | None:
        return await self._database.read(lambda db: self._reader(db).incident(number))

    async def incidents(self, newest: int) -> list[Incident]:
        return await self._database.read(lambda db: self._reader(db).newest_incidents(newest))

    async def incidents_between(self, since: float, until: float) -> list[Incident]:
        found: list[Incident] = []
        page, last = await self._page(0)
        while page:  # by what the wall clock said, so every row is looked at
            found += [each for each in page if open_between(each, since, until)]
            page, last = await self._page(last)
        return found

    async def _page(self, after: int) -> tuple[list[Incident], int]:
        page = await self._database.read(lambda db: self._reader(db).incidents_page(after))
        return page, page[-1].id if page else after

    async def timeline(self, number: int) -> list[Entry]:
        return await self._database.read(lambda db: self._reader(db).timeline(number))

    async def audit(self, newest: int, wanted: ActFilter = ALL_ACTS) -> list[AuditEntry]:
        found: list[AuditEntry] = []
        seq: int | None = None
        looked = 0
        while len(found) < newest and seq != 0 and looked < AUDIT_LOOK:
            page, seq = await self._database.read(partial(_audit.page_before, seq=seq))
            looked += _audit.PAGE_ROWS
            found += [act for act in page if wanted.fits(act)]
            if wanted.since is not None and page and page[-1].at.wall < wanted.since - _CLOCK_SET:
                break
        return found[:newest][::-1]

    async def verify_audit(self) -> AuditCheck:
        rows = await self._database.read(_audit.expected_rows)
        seq, previous = 0, _audit.GENESIS
        while True:
            check = partial(_audit.check_page, seq=seq, previous=previous)
            broken, reached, previous = await self._database.read(check)
            if broken is None and reached == seq < rows:
                broken = seq + 1  # its end was cut off
            if broken is not None or reached == seq:
                return AuditCheck(reached, broken, previous if reached else "")
            seq = reached

    async def audit_row(self, link: str) -> int | None:
        """The number of the row of the audit with that hash: of a hash that somebody noted down, whether all
        up to there is what it was then. None when there is none."""
        return await self._database.read(partial(_audit.row_of, link=link))

    async def prune(self, older_than: float) -> int:
        shifts = await self._database.read(lambda db: self._reader(db).shifts)
        now, pruned = self._clock.now().mono, 0
        for boot, shift in shifts.items():
            before = now - shift - older_than
            pruned += await self._prune_incidents(boot, before)
            await self._database.write(partial(_prune.prune_done, boot=boot, before=before))
            spent = now - shift - BUDGET_SECONDS
            await self._database.write(partial(_prune.prune_marks, boot=boot, before=spent))
        return pruned

    async def close(self) -> None:
        await self._database.close()

    async def _prune_incidents(self, boot: int, before: float) -> int:
        pruned = 0
        while count := await self._database.write(partial(_prune.prune_incidents, boot=boot, before=before)):
            pruned += count
        return pruned

    def _reader(self, db: sqlite3.Connection) -> StateReader:
        return StateReader(db, self._clock.boot_id, self._clock.now())

    def _rescue(self, new: sqlite3.Connection, damaged: Path) -> None:
        rescue_state(new, damaged, self._clock.now().wall)
