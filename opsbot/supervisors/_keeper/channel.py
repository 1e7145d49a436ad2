"""The way between opsbot and a keeper: a socket as standard input, orders in, one answer out.

Orders are one marshalled dict (made by `opsbot.supervisors._orders`); marshal, because it is built in and
refuses what was cut off. It never leaves the two processes, which are of one version.
"""

from __future__ import annotations

import marshal
import os
import select

from opsbot.supervisors._keeper.files import CHUNK

CHANNEL = 0

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing `typing` alone would double the keeper's start
    from typing import Any

    Orders = dict[str, Any]
else:
    Orders = dict


class Refusal(Exception):
    """Why the target was not started: the stage that failed, and errno."""

    def __init__(self, stage: str, number: int = 0) -> None:
        super().__init__(stage)
        self.stage, self.number = stage, number


def read_orders() -> Orders | None:
    """Waits for orders; None when nobody needs this keeper."""
    parts = []
    try:
        while part := os.read(CHANNEL, CHUNK):
            parts.append(part)
        orders: Orders = marshal.loads(b"".join(parts))
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return orders


def hung_up() -> bool:
    """Whether opsbot has let go of the channel altogether (it died, or no longer wants this)."""
    poll = select.poll()
    poll.register(CHANNEL, 0)
    return bool(poll.poll(0))


def answer(report: Orders) -> None:
    """Tells opsbot, if it still listens, and lets go of it."""
    try:
        os.write(CHANNEL, marshal.dumps(report))
    except OSError:  # it has gone: the record in the directory tells its successor
        pass
    try:
        null = os.open(os.devnull, os.O_RDWR)
    except OSError:  # the system has no descriptor left; the target is not to lose its keeper for that
        os.close(CHANNEL)
        return
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
