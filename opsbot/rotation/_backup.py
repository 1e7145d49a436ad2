"""The log as it is before a restart, kept under another name, without a copy of gigabytes.

By the first way that works: as a reflink (the file system shares the blocks: btrfs, xfs), which is a copy
that nothing can harm; as a hard link, which outlasts that the log is deleted or replaced; as a copy of its
end. A target that does not append may empty its log when it starts, and a hard link with it: then the log is
copied.
"""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

from opsbot.clock import Clock
from opsbot.errors import RotationError
from opsbot.logs.sparse import first_data
from opsbot.rotation._half import Half, sweep
from opsbot.rotation._listing import present
from opsbot.rotation._names import BACKUP, names, stamp
from opsbot.rotation._room import no_room
from opsbot.rotation._safe import NotThere, Opened, folder, opened, same, stat_in, unlink_in
from opsbot.rotation._threads import in_thread
from opsbot.rotation.base import LogSpec
from opsbot.text import bytes_text

COPY_BYTES = 64 * 1024 * 1024
"""The most that is copied: a service waits for it, and a disk writes at least 100 MB/s."""

_CHUNK = 1024 * 1024
_FICLONE = 0x40049409  # ioctl_ficlone(2), _IOW(0x94, 9, int)


async def backup(spec: LogSpec, clock: Clock, appends: bool | None) -> str:
    """Keeps the log's content; says in one clause how and where. `appends`: whether all who write to it are
    known to append, None when that is not known.

    Raises:
        RotationError: it could not be done.
    """
    appends = True if spec.owned and appends is None else appends  # a keeper, when there is one, appends
    return await in_thread(partial(_backup, spec, stamp(clock.now().wall), appends))


def opened_log(spec: LogSpec) -> AbstractContextManager[Opened]:
    """As `_safe.opened`, for a log of which opsbot may have backups that are hard links."""
    return opened(spec.path, lambda found: len(own_links(spec, found.st_ino)))


def own_links(spec: LogSpec, inode: int) -> list[Path]:
    """The backups that are hard links to that file of the log's file system.

    Raises:
        RotationError: the archive folder is not safe.
    """
    with suppress(NotThere), folder(spec.archive_dir, alone=True) as archive:
        return [spec.archive_dir / name for name in _links(spec, archive, inode)]
    return []


def drop(spec: LogSpec, inode: int) -> list[Path]:
    """Removes the backups that are hard links to that file: an archive has its content now. Raises OSError.

    Raises:
        RotationError: the archive folder is not safe.
    """
    with suppress(NotThere), folder(spec.archive_dir, alone=True) as archive:
        return [spec.archive_dir / n for n in _links(spec, archive, inode) if unlink_in(archive, n)]
    return []


def prune(spec: LogSpec, oldest: float) -> list[Path]:
    """Removes backups over the count and those made before `oldest` (seconds since 1970), but never the
    newest one as long as it is a hard link to the live log: it takes no room. Raises OSError.

    Raises:
        RotationError: the archive folder is not safe.
    """
    with suppress(NotThere), folder(spec.archive_dir, alone=True) as archive:
        sweep(archive, BACKUP, spec.name)
        return _prune(spec, archive, oldest)
    return []


def _prune(spec: LogSpec, archive: int, oldest: float) -> list[Path]:
    made = present(archive, BACKUP, spec.name)
    with suppress(OSError):
        live = spec.path.stat(follow_symlinks=False)
        if made and same(made[-1][1], live):
            made.pop()
    kept = max(1, spec.keep)
    names = [one.name for one, _ in made[:-kept]]
    names += [one.name for one, _ in made[-kept:] if one.at < oldest]
    return [spec.archive_dir / name for name in names if unlink_in(archive, name)]


def _backup(spec: LogSpec, at: str, appends: bool | None) -> str:
    try:
        with opened_log(spec) as log:
            if first_data(log.fd) == log.stat.st_size:
                return "no log yet"
            with folder(spec.archive_dir, make=True, alone=True) as archive:
                sweep(archive, BACKUP, spec.name)
                said = _Keeping(spec, log, archive, at).said(appends)
                _prune(spec, archive, oldest=-math.inf)
                return said
    except NotThere:
        return "no log yet"
    except OSError as error:
        raise RotationError(f"{spec.path} was not backed up: {error.strerror or error}.") from None


class _Keeping:
    """One backup being made."""

    def __init__(self, spec: LogSpec, log: Opened, archive: int, at: str) -> None:
        self._spec, self._log, self._archive, self._at = spec, log, archive, at
        self._start = first_data(log.fd)

    @property
    def _size(self) -> int:
        return self._log.stat.st_size - self._start

    def said(self, appends: bool | None) -> str:
        """By the first way that works."""
        size = bytes_text(self._size)
        if name := self._already(links_too=appends is not False):
            return f"backed up already as {self._shown(name)}"
        if name := self._reflink():
            return f"copied to {self._shown(name)} ({size})"
        if appends is not False and (name := self._link()):
            doubt = "" if appends else "; a target that empties its log when it starts empties both"
            return f"linked to {self._shown(name)} ({size}){doubt}"
        name = self._copy()
        if self._size <= COPY_BYTES:
            return f"copied to {self._shown(name)} ({size})"
        return f"copied the last {bytes_text(COPY_BYTES)} of {size} to {self._shown(name)}"

    def _already(self, *, links_too: bool) -> str:
        """A backup of what the log is now: the same file, or one that was copied since the last write."""
        log = self._log.stat
        for one, found in reversed(present(self._archive, BACKUP, self._spec.name)):
            if (links_too and same(found, log)) or (
                found.st_mtime_ns == log.st_mtime_ns and not same(found, log)
            ):
                return one.name
        return ""

    def _reflink(self) -> str:
        try:
            return self._made(lambda half: fcntl.ioctl(half, _FICLONE, self._log.fd))
        except OSError:  # most file systems have none
            return ""

    def _link(self) -> str:
        log = self._log
        for name in names(BACKUP, self._spec.name, self._at):
            try:
                os.link(
                    log.name, name, src_dir_fd=log.folder_fd, dst_dir_fd=self._archive, follow_symlinks=False
                )
            except FileExistsError:
                continue
            except OSError:  # another file system, one without links, or a file that others may not link
                return ""
            if same(stat_in(self._archive, name), log.stat):
                return name
            unlink_in(self._archive, name)
            raise RotationError(f"{log.path} was exchanged while it was backed up: try again.")
        return ""

    def _copy(self) -> str:
        try:
            return self._made(self._copy_end)
        except OSError as error:
            needed = min(COPY_BYTES, self._size)
            why = no_room(error, self._archive, self._spec.archive_dir, needed)
            raise RotationError(f"{self._log.path} was not backed up: {why}") from None

    def _copy_end(self, half: int) -> None:
        """Whole lines, the newest."""
        size = self._log.stat.st_size
        at = max(self._start, size - COPY_BYTES)
        if at > self._start:
            at += os.pread(self._log.fd, _CHUNK, at).find(b"\n") + 1
        while at < size and (data := os.pread(self._log.fd, min(_CHUNK, size - at), at)):
            at += os.write(half, data)

    def _made(self, fill: Callable[[int], object]) -> str:
        """A new file with a name of its own once it is filled. Raises OSError."""
        log = self._log.stat
        half = Half(self._archive, BACKUP, self._spec.name, self._at, log)
        try:
            fill(half.fd)
            os.utime(half.fd, ns=(log.st_atime_ns, log.st_mtime_ns))
            return half.publish()
        finally:
            half.close()

    def _shown(self, name: str) -> str:
        """The path as people say it: from the log's folder, where it is in it."""
        path, home = self._spec.archive_dir / name, self._log.path.parent
        return str(path.relative_to(home) if path.is_relative_to(home) else path)


def _links(spec: LogSpec, archive: int, inode: int) -> list[str]:
    with suppress(OSError):
        device = spec.path.parent.stat().st_dev
        return [
            one.name
            for one, found in present(archive, BACKUP, spec.name)
            if (found.st_dev, found.st_ino) == (device, inode)
        ]
    return []
