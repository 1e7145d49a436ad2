"""The two stores in memory: the same contract, no files."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.audit import ActFilter, AuditCheck, AuditEntry
from opsbot.domain.change import Change
from opsbot.domain.incident import Entry, Incident
from opsbot.errors import StoreError
from opsbot.stores._rebase import BootMark, shift_of, shifted
from opsbot.stores._rows import Rows, open_between
from opsbot.stores.base import ALL_ACTS, Batch, Persisted


@dataclass(frozen=True, slots=True)
class _Pruned:
    """A retention run at `now` (mono) of a boot."""

    now: float
    boot_id: str
    older_than: float


@dataclass(slots=True)
class MemoryDisk:
    """What outlives a `MemoryState`: give it to the next one to play a restart of opsbot or the machine."""

    log: list[Batch | _Pruned] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


class MemoryState:
    """A `StateStore` that keeps every batch. `failure`: what each write raises while it is set."""

    def __init__(self, clock: Clock, disk: MemoryDisk | None = None) -> None:
        self.disk = disk or MemoryDisk()
        self.failure: StoreError | None = None
        self.quarantined: Path | None = None
        self._clock = clock
        self._writer = uuid.uuid4().hex
        self._number = 0

    @property
    def batches(self) -> list[tuple[Change, ...]]:
        """Every batch written, in order."""
        return [entry.changes for entry in self.disk.log if isinstance(entry, Batch)]

    async def load(self) -> Persisted:
        """All state."""
        return self._rows().persisted(self._clock.now())

    async def commit(self, changes: Sequence[Change]) -> None:
        """Keeps the changes, or raises `failure`."""
        self._number += 1
        now = self._clock.now()
        await self.write([Batch(self._writer, self._number, self._clock.boot_id, now, tuple(changes))])

    async def write(self, batches: Sequence[Batch]) -> None:
        """Keeps the batches that are new, or raises `failure`."""
        if self.failure is not None:
            raise self.failure
        for batch in batches:
            if batch.number > self.disk.numbers.get(batch.writer, 0):
                self.disk.numbers[batch.writer] = batch.number
                self.disk.log.append(batch)

    async def incident(self, number: int) -> Incident | None:
        """One incident."""
        return self._rows().incident(number)

    async def incidents(self, newest: int) -> list[Incident]:
        """The newest, oldest first."""
        found = self._rows().incidents
        return [found[number] for number in sorted(found)[-newest:]] if newest else []

    async def incidents_between(self, since: float, until: float) -> list[Incident]:
        """Those that were open at some time in a range, oldest first."""
        found = self._rows().incidents
        return [found[number] for number in sorted(found) if open_between(found[number], since, until)]

    async def timeline(self, number: int) -> list[Entry]:
        """Its whole timeline."""
        return list(self._rows().timelines.get(number, ()))

    async def audit(self, newest: int, wanted: ActFilter = ALL_ACTS) -> list[AuditEntry]:
        """The newest acts that are wanted, oldest first."""
        entries = [change for batch in self.batches for change in batch if isinstance(change, AuditEntry)]
        found = [entry for entry in entries if wanted.fits(entry)]
        return found[-newest:] if newest else []

    async def verify_audit(self) -> AuditCheck:
        """Nobody can tamper with it."""
        return AuditCheck(len(await self.audit(sum(map(len, self.batches)))))

    async def prune(self, older_than: float) -> int:
        """Removes what ended long ago."""
        if self.failure is not None:
            raise self.failure
        before = set(self._rows().incidents)
        self.disk.log.append(_Pruned(self._clock.now().mono, self._clock.boot_id, older_than))
        return len(before - set(self._rows().incidents))

    async def close(self) -> None:
        """Nothing to close."""

    def _rows(self) -> Rows:
        shifts, rows = self._shifts(), Rows()
        for entry in self.disk.log:
            shift = shifts.get(entry.boot_id, 0.0)
            if isinstance(entry, Batch):
                rows.apply(shifted(entry.changes, shift), shifted(entry.at, shift))
            else:
                rows.prune(entry.now + shift - entry.older_than)
        return rows

    def _shifts(self) -> dict[str, float]:
        """Seconds to add to each boot's moments."""
        marks: dict[str, BootMark] = {}
        for entry in self.disk.log:
            if isinstance(entry, Batch) and not (
                entry.boot_id in marks and entry.at.mono < marks[entry.boot_id].at.mono
            ):
                marks[entry.boot_id] = BootMark(entry.boot_id, entry.at)
        now = self._clock.now()
        return {name: shift_of(mark, self._clock.boot_id, now) for name, mark in marks.items()}
