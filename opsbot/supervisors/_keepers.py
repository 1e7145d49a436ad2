"""Starting keepers, and one that waits ready."""

from __future__ import annotations

import asyncio
import marshal
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from opsbot.errors import SupervisorError
from opsbot.supervisors._keeper import ENTRY
from opsbot.supervisors._pidfd import HAS_PIDFD, readable

ANSWER_BYTES = 4096
ANSWER_SECONDS = 5.0
"""A keeper answers within milliseconds. At whatever point a silent one is killed, what it had forked becomes
no target, or is one whose record is written."""

STANDBY_DELAY = 1.0
"""Seconds after a start until the next keeper is made ready: the target's own start comes first."""

END_SECONDS = 1.0
_DEFAULTED = [s for s in signal.Signals if s not in (signal.SIGKILL, signal.SIGSTOP)]


class Waiting:
    """A keeper that waits for its orders; it leaves when this is closed, also by our death."""

    def __init__(self) -> None:
        self.channel, theirs = socket.socketpair()
        try:
            self.channel.setblocking(False)
            self.pid = _spawn(theirs)
        except OSError:
            self.channel.close()
            raise
        finally:
            theirs.close()

    async def give(self, orders: dict[str, Any]) -> dict[str, Any] | None:
        """Sends orders; the answer, or None when the keeper ended without one.

        Raises:
            TimeoutError: it does neither.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                with suppress(ConnectionError):
                    await loop.sock_sendall(self.channel, marshal.dumps(orders))
                    self.channel.shutdown(socket.SHUT_WR)
                    reply = await loop.sock_recv(self.channel, ANSWER_BYTES)
                    answer: dict[str, Any] | None = marshal.loads(reply) if reply else None  # noqa: S302  # our own child
                    return answer
                return None
        finally:
            self.channel.close()


class Keepers:
    """Spawns keepers for one target, reaps them, and keeps one ready if `standby`."""

    def __init__(self, *, standby: bool) -> None:
        self._standby = standby
        self._ready: Waiting | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._children: set[int] = set()
        self._closed = False

    async def give(self, orders: dict[str, Any]) -> dict[str, Any] | None:
        """Gives orders to a keeper; its answer, None when it ended without one.

        Raises:
            SupervisorError: transient, no process can be started now, or the keeper hangs.
        """
        keeper, self._ready = self._ready or self._spawn(), None
        try:
            return await keeper.give(orders)
        except TimeoutError:
            if not _reaped(keeper.pid):  # so it is still our child, and its pid nobody else's
                os.kill(keeper.pid, signal.SIGKILL)
            raise SupervisorError(
                f"The target's keeper gave no answer within {ANSWER_SECONDS:g} s (halted, or a disk hangs); "
                f"it was ended."
            ) from None

    def make_ready(self, delay: float = STANDBY_DELAY) -> None:
        """Has a keeper wait for the next orders, `delay` seconds from now."""
        self.reap()
        if self._standby and not (self._ready or self._timer or self._closed):
            self._timer = asyncio.get_running_loop().call_later(delay, self._make_ready)

    def reap(self) -> None:
        """Keepers are our children, and end when they like."""
        self._children -= {pid for pid in self._children if _reaped(pid)}

    async def close(self) -> None:
        """The waiting one leaves; those with a target stay."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
        if self._ready:
            self._ready.channel.close()
            await _end_of_child(self._ready.pid)
        self.reap()

    def _make_ready(self) -> None:
        self._timer = None
        with suppress(SupervisorError):  # a start will try again, and tell
            self._ready = self._spawn()

    def _spawn(self) -> Waiting:
        try:
            keeper = Waiting()
        except OSError as error:
            raise SupervisorError(f"no process can be started now: {error.strerror}") from error
        self._children.add(keeper.pid)
        return keeper


def _spawn(channel: socket.socket) -> int:
    """posix_spawn: no copy of opsbot's memory is made, and no other descriptor is inherited."""
    actions = [
        (os.POSIX_SPAWN_DUP2, channel.fileno(), 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    argv = [sys.executable, "-I", "-S", ENTRY]
    return os.posix_spawn(sys.executable, argv, {}, file_actions=actions, setsigmask=[], setsigdef=_DEFAULTED)


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


async def _end_of_child(pid: int) -> None:
    with suppress(OSError, TimeoutError):
        if not HAS_PIDFD:
            return
        fd = os.pidfd_open(pid)
        try:
            async with asyncio.timeout(END_SECONDS):
                await readable(fd)
        finally:
            os.close(fd)
