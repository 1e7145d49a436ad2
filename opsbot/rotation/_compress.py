"""A log that was set aside becomes an archive, and is removed only when the archive is whole and durable.

What is on the disk, step by step (R: the log set aside, H: half an archive, A: the archive):

    R → R H → R H whole and synced → R A → R A synced → (backup links dropped) → A

So whoever is killed when, R or A is there, and A is never half. The successor removes an H that nobody holds
locked, and knows an A of this R by the record in its header.
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress

import psutil

from opsbot.errors import RotationError
from opsbot.logs.sparse import first_data
from opsbot.rotation import _worker
from opsbot.rotation._backup import drop, own_links
from opsbot.rotation._folders import open_folder
from opsbot.rotation._half import Half, lock, sweep
from opsbot.rotation._listing import present
from opsbot.rotation._names import ARCHIVE
from opsbot.rotation._room import no_room
from opsbot.rotation._safe import READ, open_file, open_in, stat_in, unlink_in
from opsbot.rotation.base import Archived, Aside, LogSpec

LEVEL = 4
"""zlib's level. A service's log of 64 MB on one core: level 1 4.2:1 at 98 MB/s, level 4 4.7:1 at 49 MB/s,
level 6 (gzip's own) 5.1:1 at 27 MB/s, level 9 5.4:1 at 10 MB/s. 4 has nine tenths of 6's gain at half its
price, beside a service that has the first claim to the processor."""

# RFC 1952: magic, method, flags, mtime, extra flags, system; then the extra field: its length, our id, the
# length of what follows: inode, bytes and modification (nanoseconds since 1970) of what was compressed
_HEADER = struct.Struct("<2sBBIBBH2sHQQQ")
_EXTRA, _UNIX, _ID, _RECORD_BYTES = 4, 3, b"OB", 24


class Compression:
    """From aside to archive. `begin`, `finish` and `close` block; they and `work` may raise OSError, of which
    `failure` makes a sentence. `at`: the time in the archive's name. `ended`: set by whoever closed it."""

    def __init__(self, spec: LogSpec, aside: Aside, at: str) -> None:
        self._spec, self._path, self._at = spec, aside.path, at
        self._archive_fd = self._folder_fd = self._source = -1
        self._passed: tuple[int, ...] = ()
        self._half: Half | None = None
        self._worker: _Child | None = None
        self._stopped = False
        self._size = self._read = self._written = 0
        self.ended = asyncio.Event()

    def begin(self) -> Archived | None:
        """Opens everything; the archive, when a predecessor had made it and was killed then."""
        spec, path = self._spec, self._path
        self._archive_fd = open_folder(spec.archive_dir, make=True, alone=True)
        self._folder_fd = open_folder(path.parent)
        self._source, self._stat = open_file(self._folder_fd, path)
        self._start = first_data(self._source)
        self._size = self._stat.st_size - self._start
        if self._stat.st_nlink > 1 + len(own_links(spec, self._stat.st_ino)):
            raise RotationError(f"{path} is a hard link: remove its other name, then it is compressed.")
        if not lock(self._source):
            raise RotationError(f"{path} is locked: another opsbot compresses it, or its writer is at it.")
        sweep(self._archive_fd, ARCHIVE, spec.name)
        if there := self._made_already():
            return self._remove_aside(there)
        half = self._half = Half(self._archive_fd, ARCHIVE, spec.name, self._at, self._stat)
        os.write(half.fd, _header(self._stat))
        # descriptors without the locks, so that a worker which outlives opsbot holds none
        self._passed = (open_in(self._folder_fd, path.name, READ),)
        os.lseek(self._passed[0], self._start, os.SEEK_SET)
        self._passed += (half.second(),)
        return None

    async def work(self, progress: Callable[[float], None]) -> None:
        """Compresses in a process of the lowest priority, which ends when this one does."""
        source, target = self._passed
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", _worker.__file__, str(source), str(target), str(LEVEL)),
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=self._passed,
            env={},  # opsbot's has secrets
            start_new_session=True,  # Ctrl-C in opsbot's terminal is opsbot's to answer
        )
        with _Child(process) as self._worker:
            try:
                _yield_disk(process.pid)
                await self._follow(process, progress)
            finally:
                self._worker.kill()
                await process.wait()

    async def _follow(self, process: asyncio.subprocess.Process, progress: Callable[[float], None]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        while not self._stopped and (line := await process.stdout.readline()):
            what, *numbers = line.decode().split()
            if what == "at":
                progress(min(1.0, int(numbers[0]) / max(1, self._size)))
                if numbers == ["0"]:  # it waits: whoever is told of it sees it before it is done
                    process.stdin.write(b"g")
                continue
            self._read, self._written = int(numbers[-2]), int(numbers[-1])
            if what == "failed":
                raise OSError(int(numbers[0]), os.strerror(int(numbers[0])))
            progress(1.0)
            return
        why = "with opsbot" if self._stopped else "by somebody, or for want of memory"
        raise RotationError(f"The compression of {self._path} was ended {why}: it is done the next time.")

    def stop(self) -> None:
        """Ends `work`, now or when it begins."""
        self._stopped = True
        if self._worker:
            self._worker.kill()

    def finish(self) -> Archived:
        """Gives the archive its name, then removes the aside."""
        assert self._half is not None
        now = os.fstat(self._source)
        if (now.st_size, now.st_mtime_ns) != (self._start + self._read, self._stat.st_mtime_ns):
            raise RotationError(f"{self._path} is still written to: it stays, and is compressed next time.")
        os.utime(self._half.fd, ns=(now.st_atime_ns, now.st_mtime_ns))
        os.fsync(self._half.fd)
        return self._remove_aside(self._half.publish())

    def _remove_aside(self, archive: str) -> Archived:
        os.fsync(self._archive_fd)
        drop(self._spec, self._stat.st_ino)
        unlink_in(self._folder_fd, self._path.name, self._stat)
        made = stat_in(self._archive_fd, archive)
        return Archived(self._spec.archive_dir / archive, self._size, made.st_size if made else 0)

    def _made_already(self) -> str:
        """The archive of this very file, by the record in its header; empty when there is none."""
        known = present(self._archive_fd, ARCHIVE, self._spec.name)
        wanted = _header(self._stat)
        same_time = (one.name for one, _ in known if one.stamp == self._at)
        return next((name for name in same_time if _head(self._archive_fd, name) == wanted), "")

    def failure(self, error: OSError) -> RotationError:
        """What is told, and where the log is now. Removes the half archive, for its room counts as free."""
        self._drop_half()
        needed = self._written * self._size // self._read if self._read and self._written else self._size
        why = no_room(error, self._archive_fd, self._spec.archive_dir, needed)
        return RotationError(f"{self._path} was not compressed and stays where it is: {why}")

    def close(self) -> None:
        """Removes a half archive, and lets go of everything."""
        self._drop_half()
        for descriptor in (self._source, self._folder_fd, self._archive_fd):
            if descriptor >= 0:
                os.close(descriptor)

    def _drop_half(self) -> None:
        for descriptor in self._passed:
            os.close(descriptor)
        self._passed = ()
        if self._half:
            self._half.close()


class _Child:
    """A child that can be killed for certain. `Process.kill` looks first whether it has ended, and takes the
    end away from asyncio, which then complains of an unknown process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process, self._pidfd = process, -1

    def __enter__(self) -> _Child:
        with suppress(OSError, AttributeError):  # it has ended already, or there are no pidfds (macOS)
            self._pidfd = os.pidfd_open(self._process.pid)
        return self

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            elif not hasattr(os, "pidfd_open"):
                self._process.kill()

    def __exit__(self, *_: object) -> None:
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1


def _header(of: os.stat_result) -> bytes:
    """A gzip header that says what was compressed."""
    modified = int(of.st_mtime) & 0xFFFFFFFF
    extra = (_RECORD_BYTES + 4, _ID, _RECORD_BYTES, of.st_ino, of.st_size, of.st_mtime_ns)
    return _HEADER.pack(b"\x1f\x8b", 8, _EXTRA, modified, 0, _UNIX, *extra)


def _head(folder_fd: int, name: str) -> bytes:
    """As many bytes as a header of ours has; none of what cannot be read."""
    try:
        descriptor = open_in(folder_fd, name, READ)
    except OSError:
        return b""
    try:
        return os.pread(descriptor, _HEADER.size, 0)
    finally:
        os.close(descriptor)


def _yield_disk(pid: int) -> None:
    """The worker reads and writes only when nobody else does, where the system knows such a thing."""
    with suppress(psutil.Error, OSError, AttributeError):
        psutil.Process(pid).ionice(psutil.IOPRIO_CLASS_IDLE)
