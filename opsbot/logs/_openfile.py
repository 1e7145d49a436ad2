"""One open log file, read from an offset on."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

from opsbot.logs._lines import LineCutter, readable
from opsbot.logs._opening import open_log
from opsbot.logs._siblings import HEAD_BYTES
from opsbot.logs.feed import Position
from opsbot.logs.sparse import first_data

SLICE = 128 * 1024
"""Bytes read at once. Memory of bigger pieces goes back to the system each time, which doubles the cost."""

BACKLOG_LIMIT = 256 << 20
"""Bytes that are read after a pause; of more only the newest `BACKLOG_KEPT` are, the rest is counted as
lost (a house rule: some seconds of work)."""

BACKLOG_KEPT = 64 << 20


class OpenFile:
    """Holds the descriptor, so it reads the same file whatever becomes of its name."""

    def __init__(self, path: Path, offset: int = 0, inside_line: bool = False) -> None:
        self._fd = open_log(path)
        self.offset = offset
        self.lost = 0
        self.quiet = 0  # looks in a row that found nothing new
        self._cutter = LineCutter(inside_line)
        self._owed: _Owed | None = None
        try:
            status = os.fstat(self._fd)
            self.key = (status.st_dev, status.st_ino)
            self._head = os.pread(self._fd, HEAD_BYTES, 0)
            self.hole = first_data(self._fd)
        except OSError:
            os.close(self._fd)
            raise

    @property
    def size(self) -> int:
        """Bytes, now."""
        return os.fstat(self._fd).st_size

    @property
    def modified(self) -> int:
        """Nanoseconds since 1970."""
        return os.fstat(self._fd).st_mtime_ns

    def pending(self) -> int:
        """Bytes not read yet; all of them when the file was truncated."""
        size = self.size
        owed = self._owed.left if self._owed else 0
        return owed + (size if size < self.offset else size - self.offset)

    def chunks(self) -> Iterator[bytes]:
        """What is new, as pieces of whole lines in valid UTF-8. What is written while it is read waits for
        the next time: a writer who is faster than the reader must not keep it for ever."""
        yield from self._chunks_of_copy()
        self._restart_if_truncated()
        self._skip_backlog()
        self.quiet += 1
        waiting = self.size - self.offset
        # Into one buffer again and again: a new one for each slice costs more than the reading itself.
        buffer = bytearray(min(SLICE, max(0, waiting)))
        while waiting > 0 and (size := self._read_into(buffer, waiting)):
            self.quiet = 0
            self.offset += size
            waiting -= size
            if ready := self._cutter.feed(buffer, size):
                yield readable(ready)

    def cut(self, bytes_: int, copy: int) -> None:
        """So many bytes were cut off the head. What had not been read of them is read from their copy."""
        self._forget_copy()
        missed = max(0, bytes_ - self.offset)
        if missed and copy >= 0:
            self._owed = _Owed(copy, missed)
        else:
            self.lost += missed
        self.offset = max(0, self.offset - bytes_)
        self._head = os.pread(self._fd, HEAD_BYTES, 0)
        self.hole = first_data(self._fd)

    def last_line(self) -> bytes:
        """The unfinished line at the end, when nobody will finish it."""
        return readable(self._cutter.finish())

    def before(self, limit: int) -> bytes:
        """The whole lines of at most `limit` bytes before the offset."""
        end = max(0, self.offset - self._cutter.held)
        start = min(end, max(end - limit, self.hole))
        data = os.pread(self._fd, end - start, start)
        if start > self.hole:
            data = data[data.find(b"\n") + 1 :]
        return readable(data[: data.rfind(b"\n") + 1])

    def seek_end(self) -> None:
        """Goes to the beginning of the last unfinished line, or the end."""
        size = self.size
        tail = os.pread(self._fd, SLICE, max(0, size - SLICE))
        unfinished = len(tail) - (tail.rfind(b"\n") + 1)
        too_long = unfinished == len(tail) and size > len(tail)
        self.offset = size if too_long else size - unfinished
        self._cutter = LineCutter(inside_line=too_long)

    def seek_tail(self, limit: int) -> int:
        """Goes to `limit` bytes before the end; returns how many bytes follow."""
        self.offset = max(self.hole, self.size - limit)
        self._cutter = LineCutter(inside_line=self.offset > self.hole)
        return self.size - self.offset

    def resume(self, position: Position) -> None:
        """Goes to where a position was."""
        self.offset = position.offset
        self._cutter = LineCutter(position.inside_line)

    def position(self) -> Position:
        """Where it is."""
        head = self._head[: self.offset]
        offset = max(0, self.offset - self._cutter.held)
        return Position(*self.key, offset, head, self._cutter.skipping)

    def matches(self, position: Position) -> bool:
        """Whether a position was of this very file, and what was read of it is still there."""
        same = self.key == (position.device, position.inode) and self.size >= position.offset
        return same and self._head.startswith(position.head)

    def close(self) -> None:
        """Lets go of the file."""
        self._forget_copy()
        os.close(self._fd)

    def _read_into(self, buffer: bytearray, most: int) -> int:
        """Bytes that were read at the offset."""
        os.lseek(self._fd, self.offset, os.SEEK_SET)  # preadv is not everywhere
        with io.FileIO(self._fd, closefd=False) as raw, memoryview(buffer) as view:
            return raw.readinto(view[:most])

    def _chunks_of_copy(self) -> Iterator[bytes]:
        while self._owed and (data := self._owed.read()):
            self.quiet = 0
            if ready := self._cutter.feed(data):
                yield readable(ready)
        self._forget_copy()

    def _forget_copy(self) -> None:
        if self._owed:
            self.lost += self._owed.left
            self._owed.close()
            self._owed = None

    def _restart_if_truncated(self) -> None:
        head = os.pread(self._fd, HEAD_BYTES, 0)
        known = self._head
        if self.size < self.offset or not head.startswith(known[: self.offset]):
            self.offset = self.hole = first_data(self._fd)
            self._cutter = LineCutter()
        self._head = head

    def _skip_backlog(self) -> None:
        waiting = self.size - self.offset
        if waiting > BACKLOG_LIMIT:
            skipped = waiting - BACKLOG_KEPT
            self.offset += skipped
            self.lost += skipped
            self._cutter = LineCutter(inside_line=True)


class _Owed:
    """The end of a copy, of what was cut off before it was read."""

    def __init__(self, copy: int, missed: int) -> None:
        self._fd = os.dup(copy)
        self._end = os.fstat(copy).st_size
        self.left = min(missed, self._end)

    def read(self) -> bytes:
        data = os.pread(self._fd, min(SLICE, self.left), self._end - self.left)
        self.left -= len(data)
        return data

    def close(self) -> None:
        os.close(self._fd)
