"""The state store that never refuses: what state.db cannot take waits in the journal, or in memory."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.audit import ActFilter, AuditCheck, AuditEntry
from opsbot.domain.change import Change, TimelineLine
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.moment import Moment
from opsbot.errors import StoreError, StoreUnavailable
from opsbot.stores._rebase import BootMark, shift_of, shifted
from opsbot.stores._rescue import fresh_ids
from opsbot.stores._rows import Rows
from opsbot.stores.base import ALL_ACTS, Batch, Degraded, Persisted, StateStore
from opsbot.stores.journal import Journal

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
"""While degraded, how long after a failed try of the state file a commit tries it again: a try may cost a
commit the store's whole patience."""

MEMORY_BATCHES = 10_000
"""Batches kept when not even the journal can be written: about 10 MB."""

_REPLAY_BATCHES = 200
"""Batches replayed in one transaction."""


class ResilientState:
    """A `StateKeeper` over a store and a journal (None: memory only).

    Call `load` before anything else: what an earlier run left in the journal comes first. Batches are written
    in the order in which they came and exactly once: the store knows the number of the
    last one of each writer. When `quarantined` changes during a run, the new file holds what could be
    rescued and what waited; the runtime commits what it holds in memory, and nothing is missing.
    """

    def __init__(
        self,
        store: StateStore,
        journal: Journal | None,
        clock: Clock,
        *,
        retry_seconds: float = RETRY_SECONDS,
        memory_batches: int = MEMORY_BATCHES,
    ) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._memory_batches = memory_batches
        self._writer = uuid.uuid4().hex
        self._number = 0
        self._turn = asyncio.Lock()
        self._waiting: deque[Batch] = deque()  # in the journal but for the last `_unsaved`
        self._unsaved = 0
        self._journal_read = journal is None
        self._lost = 0
        self._problem = ""
        self._journal_problem = ""
        self._since: Moment | None = None
        self._tried = 0.0

    @property
    def degraded(self) -> Degraded | None:
        if self._since is None:
            return None
        reason = f"{self._problem} {self._journal_problem}".strip()
        return Degraded(reason, self._since, len(self._waiting), not self._unsaved, self._lost)

    @property
    def quarantined(self) -> Path | None:
        return self._store.quarantined

    async def load(self) -> Persisted:
        """All state, with what waits in the journal; when the file cannot even be read, the journal alone.

        Raises:
            SchemaTooNew: written by a newer opsbot.
        """
        async with self._turn:
            await self._read_journal()
            try:
                loaded = await self._store.load()  # first: it says whether the schema is one to write to
                if self._waiting and await self._recover():
                    return await self._store.load()
            except StoreUnavailable as error:
                self._degrade(error)
                loaded = fresh_ids(self._clock.now().wall)
            return self._laid_over(loaded)

    async def commit(self, changes: Sequence[Change]) -> None:
        """Writes the changes to the file, else keeps them until it can be written; see `degraded`."""
        self._number += 1
        now = self._clock.now()
        await self.write([Batch(self._writer, self._number, self._clock.boot_id, now, tuple(changes))])

    async def write(self, batches: Sequence[Batch]) -> None:
        """Likewise for named batches."""
        async with self._turn:
            if self._since is None:
                try:
                    await self._store.write(batches)
                except StoreError as error:
                    self._degrade(error)
                else:
                    return
            await self._keep(batches)
            if self._clock.now().mono - self._tried >= self._retry_seconds:
                await self._recover()

    async def recover(self) -> bool:
        """Tries the state file now; True when it is written and nothing waits any more."""
        async with self._turn:
            return self._since is None or await self._recover()

    async def incident(self, number: int) -> Incident | None:
        """One incident; of what waits too."""
        try:
            found = await self._store.incident(number)
        except StoreUnavailable:
            found = None
        if not self._waiting:
            return found
        rows = Rows.of(Persisted(incidents=[found] if found else []))
        for changes, at in self._moved():
            rows.apply(changes, at)
        return rows.incident(number)

    async def incidents(self, newest: int) -> list[Incident]:
        """What is in the file; what waits is in the runtime's memory too."""
        return await self._store.incidents(newest)

    async def incidents_between(self, since: float, until: float) -> list[Incident]:
        """What is in the file; what waits is in the runtime's memory too."""
        return await self._store.incidents_between(since, until)

    async def timeline(self, number: int) -> list[Entry]:
        """The whole timeline; of what waits too."""
        try:
            entries = await self._store.timeline(number)
        except StoreUnavailable:
            entries = []
        waiting = [change for changes, _ in self._moved() for change in changes]
        lines = [change for change in waiting if isinstance(change, TimelineLine)]
        return entries + [line.entry for line in lines if line.incident == number]

    async def audit(self, newest: int, wanted: ActFilter = ALL_ACTS) -> list[AuditEntry]:
        """What is in the file; what waits is not numbered yet."""
        return await self._store.audit(newest, wanted)

    async def verify_audit(self) -> AuditCheck:
        return await self._store.verify_audit()

    async def prune(self, older_than: float) -> int:
        return 0 if self._since is not None else await self._store.prune(older_than)

    async def close(self) -> None:
        """Tries once more to write what waits, then closes."""
        try:
            await self.recover()
        finally:
            await self._store.close()

    def _degrade(self, error: StoreError) -> None:
        now = self._clock.now()
        self._since = self._since or now
        self._problem, self._tried = str(error), now.mono

    async def _keep(self, batches: Sequence[Batch]) -> None:
        await self._read_journal()
        self._waiting.extend(batches)
        self._unsaved += len(batches)
        try:
            if self._journal is None:
                raise StoreUnavailable("There is no journal.")
            await asyncio.to_thread(self._journal.append, list(self._waiting)[-self._unsaved :])
        except StoreUnavailable as error:
            self._journal_problem = f"{error} What happens now is kept in memory only."
        else:
            self._unsaved, self._journal_problem = 0, ""
        while self._unsaved > self._memory_batches:
            del self._waiting[-self._unsaved]
            self._unsaved -= 1
            self._lost += 1
            log.error("A batch of changes is given up: %d so far, memory is bounded", self._lost)

    async def _recover(self) -> bool:
        await self._read_journal()
        step = 1  # the first batch shows whether the file can be written
        try:
            await self._store.write([])
            while self._waiting:
                batches = list(islice(self._waiting, step))
                await self._replay(batches)
                for _ in batches:
                    self._waiting.popleft()
                step = _REPLAY_BATCHES
        except StoreError as error:
            self._unsaved = min(self._unsaved, len(self._waiting))
            self._degrade(error)
            return False
        self._unsaved, self._since, self._problem, self._journal_problem = 0, None, "", ""
        await self._clear_journal()
        return True

    async def _replay(self, batches: Sequence[Batch]) -> None:
        try:
            await self._store.write(batches)
        except StoreError:
            raise
        except Exception:  # one batch that cannot be written must not hold up all others
            log.exception("A batch of the journal cannot be written")
            if len(batches) == 1:
                self._lost += 1
                return
            for batch in batches:
                await self._replay([batch])

    async def _read_journal(self) -> None:
        """What an earlier run left comes before anything new; looked at once."""
        if self._journal is None or self._journal_read:
            return
        try:
            left = await asyncio.to_thread(self._journal.read)
        except StoreUnavailable as error:
            log.warning("%s", error)
            return
        self._journal_read = True
        self._waiting.extendleft(reversed(left))

    async def _clear_journal(self) -> None:
        if self._journal is None or not self._journal_read:
            return
        try:
            await asyncio.to_thread(self._journal.clear)
        except StoreUnavailable as error:
            log.warning("%s", error)

    def _laid_over(self, loaded: Persisted) -> Persisted:
        if not self._waiting:
            return loaded
        rows = Rows.of(loaded)
        for changes, at in self._moved():
            rows.apply(changes, at)
        return rows.persisted(self._clock.now())

    def _moved(self) -> list[tuple[tuple[Change, ...], Moment]]:
        """What waits, on this boot's clock."""
        boot, now = self._clock.boot_id, self._clock.now()
        marks = {batch.boot_id: BootMark(batch.boot_id, batch.at) for batch in self._waiting}
        shifts = {name: shift_of(mark, boot, now) for name, mark in marks.items()}
        return [
            (shifted(batch.changes, shifts[batch.boot_id]), shifted(batch.at, shifts[batch.boot_id]))
            for batch in self._waiting
        ]
