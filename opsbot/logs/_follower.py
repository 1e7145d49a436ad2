"""Follows a path through truncation, renaming, deletion and recreation."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from opsbot.logs._openfile import OpenFile
from opsbot.logs._opening import LogMissing, LogRefused
from opsbot.logs._siblings import Sibling, newer, siblings
from opsbot.logs.feed import Availability, LogState, Position

QUIET_LOOKS = 10
"""A renamed file is read on until it was quiet for so many looks: a program goes on writing to it until
it is told to open its log anew."""

RENAMED_TRIES = 5
"""A renamed file that is renamed again while it is opened is looked for so often."""

RETIRED_LIMIT = 16
"""Renamed files that are held open at most."""


class Follower:
    """Gives out every line once, the old file's before the new one's.

    `tail`: begin so many bytes before the end and give them out (one look); None: begin at the end of what
    is there at the first look. A file that appears later is read from its beginning.
    """

    def __init__(self, path: Path, tail: int | None = None) -> None:
        self._path = path
        self._name = str(path)
        self._tail = tail
        self._current: OpenFile | None = None
        self._next: deque[OpenFile] = deque()
        self._retired: list[OpenFile] = []
        self._known: Mapping[int, Sibling] = {}
        self._resume: Position | None = None
        self._begun = False
        self._lost = 0
        self._as_left: tuple[int, int, int, int] | None = None
        self.tail_bytes = 0
        self.state = LogState()

    @property
    def lost(self) -> int:
        """Bytes skipped because they were too many."""
        open_files = [*self._retired, *self._next, *([self._current] if self._current else [])]
        return self._lost + sum(file.lost for file in open_files)

    def resume_from(self, position: Position) -> None:
        """Goes on from there, if that file is still to be found. Before the first look only."""
        self._resume = position

    def position(self) -> Position | None:
        """Where it is in the newest file it has begun to read."""
        return self._current.position() if self._current else None

    def unchanged(self) -> bool:
        """Whether there is certainly nothing to do: the same file as it was when it was read to its end."""
        if self._as_left is None or self._retired or self._next:
            return False
        try:
            return _seen(os.stat(self._name)) == self._as_left  # noqa: PTH116 - often asked: a Path is dearer
        except OSError:
            return False

    def attach(self) -> None:
        """Opens the file if none is open."""
        if self._current is None and not self._next:
            self._open_path(since=0 if self._begun else None)
        if self._current is None and self._next:
            self._current = self._next.popleft()
        self._begun = self._begun or self._resume is None or self._current is not None

    def to_show(self, limit: int) -> int:
        """Bytes that `before` would read."""
        return min(limit, self._current.offset) if self._current else 0

    def pending(self) -> int:
        """Bytes that the next look will read, nearly."""
        return sum(file.pending() for file in (*self._retired, *self._next)) + (
            self._current.pending() if self._current else 0
        )

    def before(self, limit: int) -> bytes:
        """The newest whole lines that were there before what comes next."""
        return self._current.before(limit) if self._current else b""

    def chunks(self) -> Iterator[bytes]:
        """What is new, as pieces of whole lines."""
        yield from self._rest_of_retired()
        self.attach()
        while self._current is not None:
            yield from self._current.chunks()
            if not self._replaced():
                break
            yield from self._current.chunks()  # what was written up to the renaming
            self._current.quiet = 0
            self._retired.append(self._current)
            self._current = self._next.popleft()
        self._note_state()

    def cut(self, bytes_: int, copy: int) -> None:
        """So many bytes were cut off the head of the newest file; `copy`: descriptor of their copy, or -1."""
        self._as_left = None
        if self._current:
            self._current.cut(bytes_, copy)

    def broken(self, error: OSError) -> None:
        """Reading failed (a stale mount, a bad disk): lets go of all, to go on from here when it works."""
        if position := self.position():
            self._resume, self._begun = position, False
        self._lost = self.lost
        self.close()
        self.state = LogState(Availability.REFUSED, f"{self._path} cannot be read: {error.strerror}")

    def close(self) -> None:
        """Lets go of all files."""
        for file in (*self._retired, *self._next, *([self._current] if self._current else [])):
            file.close()
        self._retired, self._current = [], None
        self._next.clear()

    def _rest_of_retired(self) -> Iterator[bytes]:
        for file in list(self._retired):
            yield from file.chunks()
            if file.quiet > QUIET_LOOKS or len(self._retired) > RETIRED_LIMIT:
                yield file.last_line()
                self._lost += file.lost
                self._retired.remove(file)
                file.close()

    def _replaced(self) -> bool:
        """Whether another file has the path now; then what comes after the current one is waiting."""
        if self._next:
            return True
        try:
            status = self._path.stat()
        except OSError:
            return False  # gone or unreachable: the open file is all there is
        assert self._current is not None
        if (status.st_dev, status.st_ino) == self._current.key:
            return False
        self._open_path(since=self._current.modified)
        return bool(self._next)

    def _enqueue(self, found: list[Sibling], *others: OpenFile) -> None:
        """What of these is not open yet. `others`: are open too."""
        held = {file.key for file in (*self._retired, *self._next, *others)}
        if self._current:
            held.add(self._current.key)
        for sibling in found:
            if (sibling.device, sibling.inode) not in held and (file := self._opened(sibling)):
                self._next.append(file)

    def _opened(self, sibling: Sibling | None) -> OpenFile | None:
        """That very file, also when it is renamed once more just now, as logrotate moves `.1` to `.2`."""
        for _ in range(RENAMED_TRIES):
            if sibling is None:
                break
            with suppress(LogMissing, LogRefused, OSError):
                file = OpenFile(sibling.path)
                if file.key == (sibling.device, sibling.inode):
                    return file
                file.close()
            sibling = siblings(self._path).get(sibling.inode)
        return None

    def _open_path(self, since: int | None = None) -> None:
        """`since`: and before it what was renamed after that time (nanoseconds since 1970)."""
        file = self._openable()
        if file is None:
            if not self._begun:  # what is renamed until it appears is new
                self._known = siblings(self._path)
            return
        found = siblings(self._path)  # after the opening: what had the name before is among them
        if since is not None:
            self._enqueue(newer(found, since, self._known), file)
        self._known = found
        self._next.append(file)
        if not self._begun:
            self._begin(file)

    def _openable(self) -> OpenFile | None:
        try:
            return OpenFile(self._path)
        except LogMissing as missing:
            self.state = LogState(Availability.MISSING, str(missing))
        except (LogRefused, OSError) as refused:
            self.state = LogState(Availability.REFUSED, str(refused))
        return None

    def _begin(self, file: OpenFile) -> None:
        if self._tail is not None:
            self.tail_bytes = file.seek_tail(self._tail)
        elif self._resume is None:
            file.seek_end()
        elif file.matches(self._resume):
            file.resume(self._resume)
        else:
            self._resume_renamed(self._resume)

    def _resume_renamed(self, position: Position) -> None:
        """The file was rotated while nobody looked: finish it first, then those that came after it."""
        old = self._known.get(position.inode)
        if old is None or not old.head.startswith(position.head):
            return
        newest = self._next.pop()
        if file := self._opened(old):
            file.resume(position)
            self._next.append(file)
        self._enqueue([s for s in newer(self._known, old.modified, {}) if s.inode != old.inode], newest)
        self._next.append(newest)

    def _note_state(self) -> None:
        """Leaves alone what `_open_path` said of a file that it could not open in this look."""
        self._as_left = None
        if self._current is None:
            return
        try:
            status = self._path.stat()
        except OSError:
            reason = f"{self._path} was moved or deleted; a new one is awaited"
            self.state = LogState(Availability.MISSING, reason)
            return
        if (status.st_dev, status.st_ino) == self._current.key:
            self.state = LogState(Availability.READABLE, "", status.st_size - self._current.hole)
            if status.st_size == self._current.offset:
                self._as_left = _seen(status)


def _seen(status: os.stat_result) -> tuple[int, int, int, int]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
