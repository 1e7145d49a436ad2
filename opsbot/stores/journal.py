"""Where batches wait on disk while state.db cannot be written.

One JSON line a batch, appended and synced; a line torn by a crash or a full disk counts as not written.
Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from opsbot.domain.moment import Moment
from opsbot.errors import StoreUnavailable
from opsbot.stores._codec import Unreadable, dump, parse, read_change
from opsbot.stores.base import Batch

log = logging.getLogger(__name__)

JOURNAL_NAME = "journal.jsonl"

JOURNAL_BYTES = 4 << 20
"""The journal's bound: about 5,000 batches, hours of an unwritable state.db."""


class Journal:
    """An append-only file of at most `limit` bytes, 0600."""

    def __init__(self, path: Path, *, limit: int = JOURNAL_BYTES) -> None:
        self.path = path
        self._limit = limit
        self._end = -1  # just after the last whole line; -1: not looked yet

    def append(self, batches: Sequence[Batch]) -> None:
        """Adds the batches; they are on disk when this returns.

        Raises:
            StoreUnavailable: full or not writable; nothing was added.
        """
        lines = "".join(f"{_line(batch)}\n" for batch in batches).encode("ascii")
        try:
            self._append(lines)
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be written: {error.strerror}.") from error

    def read(self) -> list[Batch]:
        """What waits, oldest first. Lines that cannot be read are passed over.

        Raises:
            StoreUnavailable: the file cannot be read.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be read: {error.strerror}.") from error
        *whole, torn = data.split(b"\n")
        if torn:
            log.warning("%s ends in a torn line of %d bytes; it was never acknowledged", self.path, len(torn))
        return [batch for line in whole if (batch := _batch(line, self.path)) is not None]

    def clear(self) -> None:
        """Nothing waits any more.

        Raises:
            StoreUnavailable: it cannot be removed; replaying it again does no harm.
        """
        self._end = -1
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{self.path} cannot be removed: {error.strerror}.") from error

    def _append(self, lines: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            end = self._find_end(descriptor)
            if end + len(lines) > self._limit:
                raise StoreUnavailable(f"{self.path} is full ({self._limit} bytes).")
            _write_at(descriptor, lines, end)
            self._end = end + len(lines)
        finally:
            os.close(descriptor)

    def _find_end(self, descriptor: int) -> int:
        """Just after the last whole line; what is torn after it is cut off."""
        size = os.fstat(descriptor).st_size
        if size == self._end:
            return size
        if not size:
            _sync_directory(self.path.parent)
        end = os.pread(descriptor, size, 0).rfind(b"\n") + 1
        os.ftruncate(descriptor, end)
        return end


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    try:
        done = 0
        while done < len(data):
            done += os.pwrite(descriptor, data[done:], offset + done)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, offset)
        raise


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _line(batch: Batch) -> str:
    return dump(
        {
            "writer": batch.writer,
            "number": batch.number,
            "boot_id": batch.boot_id,
            "at": batch.at,
            "changes": [[type(change).__name__, change] for change in batch.changes],
        }
    )


def _batch(line: bytes, path: Path) -> Batch | None:
    try:
        raw = json.loads(line)
        changes = tuple(read_change(name, body) for name, body in raw["changes"])
        at = parse(Moment, json.dumps(raw["at"]))
        return Batch(str(raw["writer"]), int(raw["number"]), str(raw["boot_id"]), at, changes)
    except (ValueError, TypeError, KeyError, Unreadable) as error:
        log.warning("A line of %s is passed over: %s", path, error)
        return None
