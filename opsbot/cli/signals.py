"""Ctrl-C, SIGTERM and a closed terminal end a long command alike: what runs is cancelled, and cleans up.

SIGHUP that comes from anywhere else than a closing terminal means what it means to daemons: read the
configuration anew.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any


async def until_stopped(work: Coroutine[Any, Any, None], hangups: asyncio.Event | None = None) -> bool:
    """Runs `work` to its end, or until SIGINT, SIGTERM or SIGHUP cancels it; returns whether one did.

    `hangups`: set by a SIGHUP instead, unless the terminal is gone that the command was started in.
    """
    task = asyncio.ensure_future(work)
    stopped = asyncio.Event()
    in_terminal = _has_terminal()

    def stop() -> None:
        stopped.set()
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)

    def hang_up() -> None:
        if hangups is None or (in_terminal and not _has_terminal()):
            stop()
        else:
            hangups.set()

    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup stays nohup
        loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
    return stopped.is_set()


def _has_terminal() -> bool:
    """Whether there is a terminal whose closing would be told by SIGHUP (tty(4))."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
