"""Two locks (flock(2)) in the target's folder, held for as long as a process lives.

`keeper.lock` is the one keeper's alone: of two that race to start a target one has it. `lock` is inherited by
the target and what it starts: evidence of who belongs to it, for whoever looks later.
"""

from __future__ import annotations

import fcntl
import os

from opsbot.supervisors._keeper.channel import Orders, Refusal
from opsbot.supervisors._keeper.files import is_zombie, slurp, start_ticks


def be_the_keeper(orders: Orders) -> None:
    """
    Raises:
        Refusal: there is one (`locked`).
    """
    if not _take(orders["directory"] + "/keeper.lock", inherited=False):
        raise Refusal("locked")


def mark_by_lock(orders: Orders) -> None:
    """A survivor of an earlier target may hold it still; then this one is found by its other marks."""
    _take(orders["directory"] + "/lock", inherited=True)


def check_unchanged(orders: Orders) -> None:
    """Nothing was started since opsbot looked, and what it saw in the record does not run.

    Raises:
        Refusal: otherwise (`locked`).
    """
    try:
        now = slurp(orders["directory"] + "/identity")
    except FileNotFoundError:
        now = b""
    pid, ticks = orders["dead"]
    if now != orders["seen"] or (pid and start_ticks(pid) == ticks and not is_zombie(pid)):
        raise Refusal("locked")


def _take(path: str, *, inherited: bool) -> bool:
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return False
    os.set_inheritable(fd, inherited)
    return True
