"""A copy of a log's head, made while the target writes on.

What is on the disk, step by step (L: the log with its head, C: the copy):

    L → L C.half → L C.half whole and synced → L C.cut-… → (the head is cut off) → C.cut-… → C

`C` is a name that `Archive.asides` knows. A successor of a killed opsbot removes a `C.half`. Of a `C.cut-…`
(`C.cut-INODE-SIZE-START`: which log, how big it was, and from where on it was copied) it finds out from the
log whether the head is off: then the copy is all there is, else the log has everything still.
"""

from __future__ import annotations

import fcntl
import os
import re

from opsbot.errors import RotationError
from opsbot.logs.sparse import first_data
from opsbot.rotation._half import lock
from opsbot.rotation._names import COPIED, ours
from opsbot.rotation._safe import Opened, create_in, open_in, rename_new, same, stat_in, unlink_in
from opsbot.rotation._threads import Brake

CHUNK = 4 << 20
"""Bytes copied at once: what a stop has to wait for, some milliseconds."""

STEP = 256 * 1024
"""Bytes of the last steps before a cut."""

SAMPLE = 64 * 1024
"""Bytes at either end of the copy that are compared with the log before it is cut."""

_CUT = re.compile(r"(?P<copy>.+)\.cut-(?P<inode>\d+)-(?P<size>\d+)-(?P<start>\d+)", re.ASCII)
_HALF = ".half"
HOLDS_ALL = "it is left as it was, nothing of it is lost"
"""Ends a sentence about what did not happen."""


class HeadCopy:
    """Bytes `start` to `end` of the log, in a file of the folder. `log_fd`: the log, open for reading.
    `is_cut`: they are taken off the log. All methods block and may raise OSError."""

    def __init__(self, log: Opened, folder_fd: int, name: str) -> None:
        self._log, self._folder_fd = log, folder_fd
        self.name, self._named = name, name + _HALF
        self.start = self.end = first_data(log.fd)
        self.is_cut = False
        self.fd = create_in(folder_fd, self._named, log.stat)
        if not lock(self.fd):  # taken for one that a killed opsbot left
            os.close(self.fd)
            raise RotationError(f"Another opsbot rotates {log.path} just now: {HOLDS_ALL}.")

    @property
    def length(self) -> int:
        """Bytes copied."""
        return self.end - self.start

    def extend(self, to: int, brake: Brake) -> None:
        """Copies on up to a byte of the log that is there already."""
        while self.end < to:
            brake.check()
            if not self._move(min(CHUNK, to - self.end)):
                raise RotationError(f"{self._log.path} became shorter while it was copied: {HOLDS_ALL}.")

    def step(self) -> int:
        """Copies on what is there, a little; 0 at the end of the log."""
        data = os.pread(self._log.fd, STEP, self.end)
        self._write(data)
        return len(data)

    def intend(self) -> None:
        """Makes the copy durable, and what is going to be done: from now on the head may be off."""
        os.utime(self.fd, ns=(self._log.stat.st_atime_ns, os.fstat(self._log.fd).st_mtime_ns))
        os.fsync(self.fd)
        size = os.fstat(self._log.fd).st_size
        self._rename(f"{self.name}.cut-{self._log.stat.st_ino}-{size}-{self.start}")
        os.fsync(self._folder_fd)

    def check(self) -> None:
        """
        Raises:
            RotationError: somebody else renamed, truncated or rewrote the log meanwhile.
        """
        if same(stat_in(self._log.folder_fd, self._log.name), self._log.stat) and self.is_in_log():
            return
        raise RotationError(
            f"Something else renamed or truncated {self._log.path} while it was copied: {HOLDS_ALL}."
        )

    def ends_line(self) -> bool:
        """Whether it ends with the end of a line."""
        return self.length == 0 or os.pread(self.fd, 1, self.length - 1) == b"\n"

    def is_in_log(self) -> bool:
        """Whether the log begins with what was copied, by the looks of both ends."""
        return all(self._is_copied(place) for place in {0, max(0, self.length - SAMPLE)})

    def publish(self, name: str) -> None:
        """The head is off: gives the copy its name, never over another file (FileExistsError)."""
        os.fsync(self.fd)
        self._rename(name)
        self.name = name
        fcntl.flock(self.fd, fcntl.LOCK_UN)  # a follower may read on from it, with a descriptor made of this

    def close(self) -> None:
        """Removes it, unless the head was taken off the log."""
        try:
            if not self.is_cut:
                unlink_in(self._folder_fd, self._named, os.fstat(self.fd))
        finally:
            os.close(self.fd)

    def _rename(self, name: str) -> None:
        rename_new(self._folder_fd, self._named, name)
        self._named = name

    def _is_copied(self, place: int) -> bool:
        length = min(SAMPLE, self.length - place)
        return os.pread(self.fd, length, place) == os.pread(self._log.fd, length, self.start + place)

    def _move(self, length: int) -> int:
        try:  # within one file system the kernel may share the blocks
            done = os.copy_file_range(self._log.fd, self.fd, length, self.end, self.length)
        except (OSError, AttributeError):  # two file systems; what else is wrong is seen below
            done = 0
        if done:
            self.end += done
            return done
        data = os.pread(self._log.fd, min(length, STEP), self.end)
        self._write(data)
        return len(data)

    def _write(self, data: bytes) -> None:
        while data:
            done = os.pwrite(self.fd, data, self.length)
            self.end += done
            data = data[done:]


def end_killed(folder_fd: int, name: str, log: int | None) -> None:
    """Ends what a killed opsbot had begun: see the module. `name`: of the log's archives; `log`: a descriptor
    of it, None when there is none. May raise OSError."""
    for found in os.listdir(folder_fd):
        if not ours(COPIED, name, [_copy_of(found)]):
            continue
        fd = open_in(folder_fd, found, os.O_RDONLY)
        try:
            if lock(fd):  # else another opsbot is at it
                _end(folder_fd, found, fd, log)
        finally:
            os.close(fd)


def _copy_of(name: str) -> str:
    """The name that a copy would have got, of the name it has while it is made; empty for other files."""
    cut = _CUT.fullmatch(name)
    return cut["copy"] if cut else name.removesuffix(_HALF) if name.endswith(_HALF) else ""


def _end(folder_fd: int, name: str, copy: int, log: int | None) -> None:
    cut = _CUT.fullmatch(name)
    if cut and (log is None or not _has_all(log, copy, cut)):
        rename_new(folder_fd, name, cut["copy"])
    else:
        unlink_in(folder_fd, name, os.fstat(copy))


def _has_all(log: int, copy: int, cut: re.Match[str]) -> bool:
    """Whether the log's head is what was copied: all of it is compared, for logs repeat themselves."""
    found, place, end = os.fstat(log), 0, os.fstat(copy).st_size
    if found.st_ino != int(cut["inode"]) or found.st_size < int(cut["size"]):
        return False
    while place < end:
        data = os.pread(copy, STEP, place)
        if not data or data != os.pread(log, len(data), int(cut["start"]) + place):
            return False
        place += len(data)
    return True
