"""What a keeper writes down for opsbot's successors: who runs, and how targets ended.

JSON made by hand: importing `json` costs more than the keeper's whole start. Strings in it come from opsbot
as JSON already.
"""

from __future__ import annotations

import os
import time

from opsbot.supervisors._keeper.channel import Orders
from opsbot.supervisors._keeper.files import clock, slurp, start_ticks, write_file

EXITS_KEPT = 8


def record_identity(orders: Orders, pid: int, ticks: int) -> None:
    me = os.getpid()
    write_file(
        orders["directory"] + "/identity",
        f'{{"boot_id": "{orders["boot_id"]}", "pid": {pid}, "start_ticks": {ticks}, '
        f'"generation": {orders["generation"]}, "token": "{orders["token"]}", '
        f'"keeper_pid": {me}, "keeper_ticks": {start_ticks(me)}, '
        f'"log": {orders["log_json"]}, "command": {orders["command_json"]}}}\n',
    )


def forget_identity(orders: Orders) -> None:
    try:
        os.unlink(orders["directory"] + "/identity")
    except OSError:  # whom it names never ran; why the start failed is what is to be told
        pass


def record_exit(orders: Orders, pid: int, ticks: int, status: int, oom_kills: int, lost: int) -> None:
    """`status` as waitpid(2) gives it; `oom_kills`: how many the kernel made while the target ran; `lost`:
    bytes of output that could not be written."""
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    path = orders["directory"] + "/exits"
    try:
        older = slurp(path).decode(errors="replace").splitlines(True)[1 - EXITS_KEPT :]
    except OSError:
        older = []
    line = (
        f'{{"boot_id": "{orders["boot_id"]}", "pid": {pid}, "start_ticks": {ticks}, '
        f'"generation": {orders["generation"]}, "code": {code}, "signal": {number}, '
        f'"mono": {clock():.6f}, "wall": {time.time():.6f}, "oom_kills": {oom_kills}, "lost": {lost}}}\n'
    )
    write_file(path, "".join([*older, line]))


def oom_kills() -> int:
    """How many processes the kernel has killed for want of memory (/proc/vmstat, Linux ≥ 4.13)."""
    try:
        return int(slurp("/proc/vmstat").partition(b"\noom_kill ")[2].split(None, 1)[0])
    except (OSError, IndexError, ValueError):
        return 0
