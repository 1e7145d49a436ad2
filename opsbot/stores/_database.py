"""One SQLite file behind asyncio: one connection, one thread, bounded waits, reopened by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from opsbot.clock import Clock
from opsbot.errors import StoreUnavailable
from opsbot.stores._file import (
    FilePlan,
    OpenedFile,
    Unusable,
    is_damage,
    open_to_read,
    open_to_write,
    primary_code,
)

T = TypeVar("T")

_SENTENCES = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another process",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_INTERRUPT: "did not answer in time",
    sqlite3.SQLITE_IOERR: "cannot be read or written by the disk",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_NOTADB: "is damaged: it is no database",
}

_SOUND = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_INTERRUPT)
"""After these the connection is as good as before; after others the file is opened anew."""


class _Connection(aiosqlite.Connection):
    """aiosqlite's connection and thread, with whole functions as the unit of work: one hop a transaction."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], path: Path) -> None:
        super().__init__(connector, 64)
        # A disk that hangs, or a forgotten close, must not keep the process from ending.
        thread: Any = getattr(self, "_thread", self)
        thread.daemon = True
        self._path = path
        self._file: tuple[int, int] | None = None

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` in the thread.

        Raises:
            _Moved: the path names another file by now; nothing was done.
        """
        return await self._execute(self._work, work)  # type: ignore[no-any-return, no-untyped-call]

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        found = _identity(self._path)
        if self._file is not None and found != self._file:
            raise _Moved
        self._file = found
        return work(self._conn)


class _Attempt:
    """Opens a file in the connection's thread.

    An error is kept, not raised: aiosqlite would leave the thread of a failed opening to end by itself,
    perhaps after the event loop.
    """

    def __init__(self, opener: Callable[[], OpenedFile]) -> None:
        self.opened: OpenedFile | None = None
        self.error: Exception | None = None
        self._opener = opener

    def __call__(self) -> sqlite3.Connection:
        try:
            self.opened = self._opener()
        except Exception as error:
            self.error = error
            return sqlite3.connect(":memory:")
        return self.opened.connection


class _Moved(Exception):
    """Somebody removed or replaced the file; SQLite would go on writing into the one without a name."""


class Database:
    """Opens on first use. `patience`: seconds after which a caller is told that the file does not answer."""

    def __init__(self, plan: FilePlan, clock: Clock, *, patience: float, read_only: bool = False) -> None:
        self.quarantined: Path | None = None
        self._plan = plan
        self._clock = clock
        self._patience = patience
        self._read_only = read_only
        self._connection: _Connection | None = None
        self._writable = False
        self._damaged = False
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._late: asyncio.Task[Any] | None = None

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` in the connection's thread; the work begins and ends its own transaction.

        Raises:
            StoreUnavailable: cannot be written now; or is late, and may still be written.
            SchemaTooNew: the file was written by a newer opsbot.
        """
        if self._read_only:
            raise StoreUnavailable(f"{self._plan.path} was opened for reading only.")
        return await self._bounded(work, self._patience, writing=True)

    async def read(self, work: Callable[[sqlite3.Connection], T], patience: float | None = None) -> T:
        """Likewise for work that only reads; a file that cannot be written may still be read."""
        return await self._bounded(work, patience or self._patience, writing=False)

    async def close(self) -> None:
        """Closes the file; work that does not end is waited for as long as `patience`."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._patience)
        closing = asyncio.ensure_future(self._drop())
        await asyncio.wait({closing}, timeout=self._patience)

    async def _bounded(self, work: Callable[[sqlite3.Connection], T], patience: float, *, writing: bool) -> T:
        if self._late is not None and not self._late.done():
            raise StoreUnavailable(f"{self._plan.path} did not answer in time, and still does not.")
        task = asyncio.ensure_future(self._run(work, writing=writing))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=patience)  # a caller that is cancelled leaves it running
        if done:
            return task.result()
        self._late = task
        if self._connection is not None:
            await self._connection.interrupt()
        raise StoreUnavailable(f"{self._plan.path} did not answer within {patience:g} s.")

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # of a late one it was reported as late already

    async def _run(self, work: Callable[[sqlite3.Connection], T], *, writing: bool) -> T:
        async with self._turn:
            try:
                return await self._attempt(work, writing=writing)
            except _Moved:
                await self._drop()
                return await self._attempt(work, writing=writing)

    async def _attempt(self, work: Callable[[sqlite3.Connection], T], *, writing: bool) -> T:
        try:
            connection = await self._ready(writing)
            return await connection.call(work)
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise  # a mistake in opsbot, not the file's
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._damaged = self._damaged or is_damage(error)
            if primary_code(error) not in _SOUND:
                await self._drop()
            raise StoreUnavailable(self._sentence(error)) from error

    async def _ready(self, writing: bool) -> _Connection:
        if writing and not self._writable:
            await self._drop()
        if self._connection is None:
            await self._open(writing)
        assert self._connection is not None
        return self._connection

    async def _open(self, writing: bool) -> None:
        try:
            if self._read_only:
                await self._connect(lambda: open_to_read(self._plan))
            else:
                wall, suspect = self._clock.now().wall, self._damaged
                await self._connect(lambda: open_to_write(self._plan, wall, suspect=suspect))
                self._damaged = False
        except (sqlite3.Error, StoreUnavailable):
            if writing or self._read_only:
                raise
            await self._connect(lambda: open_to_read(self._plan))

    async def _connect(self, opener: Callable[[], OpenedFile]) -> None:
        attempt = _Attempt(opener)
        connection = _Connection(attempt, self._plan.path)
        await connection
        if attempt.opened is None:
            await connection.close()
            assert attempt.error is not None
            raise attempt.error
        self._connection = connection
        self._writable = attempt.opened.writable
        self.quarantined = attempt.opened.quarantined or self.quarantined

    async def _drop(self) -> None:
        connection, self._connection, self._writable = self._connection, None, False
        if connection is None:
            return
        try:
            await connection.close()
        except sqlite3.Error:
            return  # what was committed is in the file; what was not was reported as not written

    def _sentence(self, error: Unusable) -> str:
        text = _SENTENCES.get(primary_code(error), f"cannot be used: {error}")
        return f"{self._plan.path} {text}."


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
