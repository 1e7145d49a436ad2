"""Takes the head off a file while others write to its end (fallocate(2)): Linux, and some file systems."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

_KEEP_SIZE, _PUNCH_HOLE, _COLLAPSE_RANGE = 0x01, 0x02, 0x08  # linux/falloc.h


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a file system can do. `block`: a head of so many bytes, or a multiple, can be cut off; 0: none
    can. `punch`: its space can be given back, so that it reads as zeros."""

    block: int
    punch: bool


NONE = Abilities(0, punch=False)


def collapse(fd: int, length: int) -> None:
    """Cuts the first `length` bytes off: a multiple of the block size, less than the file has. In one step
    for everybody: whoever writes waits meanwhile. Raises OSError."""
    _fallocate(fd, _COLLAPSE_RANGE, length)


def punch(fd: int, length: int) -> None:
    """Empties the first `length` bytes; nothing moves, and the size stays. Raises OSError."""
    _fallocate(fd, _PUNCH_HOLE | _KEEP_SIZE, length)


def abilities(folder_fd: int, device: int) -> Abilities:
    """Of the file system of `device`, by trying it on a file without a name in the folder; none when that is
    another file system (a log can be a mount of its own), or nothing can be written."""
    try:
        fd = _nameless(folder_fd)
    except OSError:
        return NONE
    try:
        if os.fstat(fd).st_dev != device:
            return NONE
        block = os.fstatvfs(fd).f_bsize
        os.write(fd, bytes(2 * block + 1))
        return Abilities(block if _can(collapse, fd, block) else 0, _can(punch, fd, block))
    except OSError:
        return NONE
    finally:
        os.close(fd)


def file_system(device: int) -> str:
    """Its name, such as `ext4`; `the file system` when it is not known."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    number = f"{os.major(device)}:{os.minor(device)}"
    names = (line.partition(" - ")[2].split(" ")[0] for line in lines if line.split(" ")[2] == number)
    return next(names, "the file system")


def _nameless(folder_fd: int) -> int:
    try:
        return os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder_fd)
    except (OSError, AttributeError):  # overlayfs before Linux 6.1, and other systems: it has a name at first
        name = f".opsbot-{os.getpid()}"
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder_fd)
        os.unlink(name, dir_fd=folder_fd)
        return fd


def _can(change: object, fd: int, block: int) -> bool:
    assert callable(change)
    try:
        change(fd, block)
    except OSError:
        return False
    return True


def _fallocate(fd: int, mode: int, length: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "fallocate64", None) or getattr(libc, "fallocate", None)  # musl has only the second
    if call is None:
        raise OSError(0, "this system has no fallocate")
    if call(fd, mode, ctypes.c_int64(0), ctypes.c_int64(length)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
