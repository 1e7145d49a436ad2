"""Opens a log for rotation, and does what comes after through its folder's descriptor: whatever becomes of
the path meanwhile, opsbot reads, renames and deletes in the folder it looked at, and follows no link there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from opsbot.errors import RotationError
from opsbot.rotation._folders import open_folder

READ = os.O_RDONLY
_ALWAYS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NOREPLACE = 1  # RENAME_NOREPLACE, linux/fs.h
_NO_SUCH_CALL = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)

_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What writing says when there is no room: on the disk, in a quota, under a limit."""


class NotThere(RotationError):
    """There is nothing at that path."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A log that may be rotated. `fd`: open for reading; `folder_fd`: its folder, where it is called `name`;
    `stat`: as it was when it was opened."""

    fd: int
    folder_fd: int
    name: str
    stat: os.stat_result
    path: Path


def no_links(_: os.stat_result) -> int:
    """For a log that opsbot never backed up."""
    return 0


@contextmanager
def opened(path: Path, own_links: Callable[[os.stat_result], int] = no_links) -> Iterator[Opened]:
    """The log at `path`, for as long as the context lasts. `own_links`: how many hard links to it are
    opsbot's own backups.

    Raises:
        NotThere: there is none.
        RotationError: it is no file of its own, or others could exchange it, with the remedy.
    """
    with folder(path.parent) as folder_fd:
        fd, found = open_file(folder_fd, path)
        try:
            if found.st_nlink > 1 + own_links(found):
                raise RotationError(
                    f"{path} is a hard link, a file with another name too, which rotation would pull along: "
                    f"find that name with `find / -xdev -samefile {path}` and remove it."
                )
            yield Opened(fd, folder_fd, path.name, found, path)
        finally:
            os.close(fd)


@contextmanager
def folder(path: Path, *, make: bool = False, alone: bool = False) -> Iterator[int]:
    """As `open_folder`, for as long as the context lasts.

    Raises:
        NotThere: there is none.
        RotationError: as `open_folder`.
    """
    try:
        descriptor = open_folder(path, make=make, alone=alone)
    except FileNotFoundError:
        raise NotThere(f"The folder {path} does not exist: make it, or correct the path.") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_file(folder_fd: int, path: Path, flags: int = READ) -> tuple[int, os.stat_result]:
    """The regular file called `path.name` in the folder; the rest of the path is for messages.

    Raises:
        NotThere: there is none.
        RotationError: it is no regular file, or may not be opened.
    """
    before = stat_in(folder_fd, path.name)
    if before is None:
        raise NotThere(f"{path} does not exist: there is no log yet, or the path is wrong.")
    if not stat.S_ISREG(before.st_mode):
        kind = next((name for test, name in _KINDS if test(before.st_mode)), "no regular file")
        raise RotationError(f"{path} is {kind}, which is not rotated: name the log file itself.")
    try:
        fd = open_in(folder_fd, path.name, flags)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise RotationError(
                f"opsbot's user has no permission for {path}: give it that, or run opsbot as its owner."
            ) from None
        raise RotationError(f"{path} cannot be opened: {error.strerror}.") from None
    found = os.fstat(fd)
    if same(found, before):
        return fd, found
    os.close(fd)
    raise RotationError(f"{path} was exchanged while it was opened: try again.")


def reopen(log: Opened, flags: int) -> int:
    """The same log once more, open for something else (`os.O_WRONLY`, `os.O_RDWR`).

    Raises:
        RotationError: it was exchanged for another, or may not be opened so.
    """
    fd, found = open_file(log.folder_fd, log.path, flags)
    if same(found, log.stat):
        return fd
    os.close(fd)
    raise RotationError(f"{log.path} was exchanged while it was rotated: try again.")


def same(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    """Whether both are one file."""
    return one is not None and other is not None and os.path.samestat(one, other)


def open_in(folder_fd: int, name: str, flags: int) -> int:
    """openat(2); a link is not followed, a pipe not waited for. Raises OSError."""
    return os.open(name, flags | _ALWAYS, dir_fd=folder_fd)


def create_in(folder_fd: int, name: str, like: os.stat_result) -> int:
    """A new file, open for reading and writing, that belongs to whom `like` belongs and that others may read
    (never write) where they may read `like`. Raises OSError, FileExistsError among them."""
    fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _ALWAYS, 0o600, dir_fd=folder_fd)
    try:
        own(fd, like)
    except BaseException:
        os.close(fd)
        unlink_in(folder_fd, name)
        raise
    return fd


def own(fd: int, like: os.stat_result) -> None:
    """Owner where opsbot is root, else the group where opsbot is in it; the mode without the bits for others.
    A group that is not the same is not let in."""
    with suppress(OSError):
        os.fchown(fd, -1 if os.geteuid() else like.st_uid, like.st_gid)
    same_group = os.fstat(fd).st_gid == like.st_gid
    with suppress(OSError):  # a file system without modes
        os.fchmod(fd, like.st_mode & (0o640 if same_group else 0o600))


def stat_in(folder_fd: int, name: str) -> os.stat_result | None:
    """fstatat(2) of the name itself; None when there is none. Raises OSError."""
    try:
        return os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def unlink_in(folder_fd: int, name: str, only: os.stat_result | None = None) -> bool:
    """unlinkat(2); whether it was there. `only`: not when the name is another file's meanwhile."""
    if only is not None and not same(only, stat_in(folder_fd, name)):
        return False
    try:
        os.unlink(name, dir_fd=folder_fd)
    except FileNotFoundError:
        return False
    return True


def rename_new(folder_fd: int, old: str, new: str) -> None:
    """Renames within the folder, never over what is there already: then it raises FileExistsError.

    By renameat2(2); where the system or the file system has none, by a hard link, and where it has none of
    these either, by a look before the rename.
    """
    try:
        _renameat2(folder_fd, old, new)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
        _link_over(folder_fd, old, new)


def _renameat2(folder_fd: int, old: str, new: str) -> None:
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        raise OSError(errno.ENOSYS, "no renameat2") from None
    if call(folder_fd, os.fsencode(old), folder_fd, os.fsencode(new), ctypes.c_uint(_NOREPLACE)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), new)


def _link_over(folder_fd: int, old: str, new: str) -> None:
    try:
        os.link(old, new, src_dir_fd=folder_fd, dst_dir_fd=folder_fd, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        if stat_in(folder_fd, new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from None
        os.rename(old, new, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
    else:
        os.unlink(old, dir_fd=folder_fd)
