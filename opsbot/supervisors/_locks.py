"""Who holds the lock that a target inherits from its keeper. Read from /proc alone: nothing is locked here,
so a look never disturbs a start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from opsbot.supervisors import _proc


def held(path: str) -> bool:
    """Whether any process holds an flock on the file (/proc/locks)."""
    try:
        stat = os.stat(path)
    except OSError:
        return False
    place = f" {os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino} ".encode()
    return any(b" FLOCK " in line and place in line for line in _proc.read("/proc/locks").splitlines())


def holders(path: str) -> Iterator[int]:
    """The processes that share the descriptor which holds the lock. To have the file open is not enough."""
    if not held(path):
        return
    for pid in _proc.pids():
        if any(_holds(pid, fd) for fd in _descriptors(pid, path)):
            yield pid


def _descriptors(pid: int, path: str) -> Iterator[str]:
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError as error:
        if unseeing := _proc.blind(error):
            raise unseeing from error
        return
    for name in names:
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}") == path:
                yield name
        except OSError:
            continue


def _holds(pid: int, fd: str) -> bool:
    return b"FLOCK" in _proc.read(str(Path("/proc", str(pid), "fdinfo", fd)))
