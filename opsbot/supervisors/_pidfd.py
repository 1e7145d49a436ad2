"""Holding on to one process: its end is an event, and a signal cannot hit another one.

Where there is no pidfd (macOS), and only here, it is polled instead.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from types import TracebackType

from opsbot.domain.process import ProcessId
from opsbot.supervisors import _proc

POLL_SECONDS = 0.05
HAS_PIDFD = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")


class Grip:
    """Holds a live process. Use as a context manager, or `close` it."""

    def __init__(self, process: ProcessId, fd: int) -> None:
        self.process, self._fd = process, fd

    @classmethod
    def take(cls, process: ProcessId, boot_id: str) -> Grip | None:
        """None when that very process has ended. The identity is read after the descriptor was opened, so
        what is held is what was meant.

        Raises:
            SupervisorError: transient, no descriptor is left to hold it by; nothing is known of it then.
        """
        try:
            fd = os.pidfd_open(process.pid) if HAS_PIDFD else -1
        except ProcessLookupError:
            return None
        except OSError as error:
            if unseeing := _proc.blind(error):
                raise unseeing from error
            fd = -1  # a kernel before 5.3, or a sandbox that forbids it
        grip, held = cls(process, fd), False
        try:
            held = _proc.alive(process, boot_id)
        finally:
            if not held:
                grip.close()
        return grip if held else None

    def signal(self, number: int) -> None:
        """
        Raises:
            ProcessLookupError: it has ended.
            PermissionError: it may not be signalled.
        """
        if self._fd >= 0:
            signal.pidfd_send_signal(self._fd, number)
        elif _proc.alive(self.process, self.process.boot_id):
            os.kill(self.process.pid, number)
        else:
            raise ProcessLookupError(self.process.pid)

    def wake(self) -> None:
        """Has it go on, should it have been halted (SIGSTOP); if not, it does not notice."""
        with suppress(ProcessLookupError, PermissionError):
            self.signal(signal.SIGCONT)

    async def ended(self) -> None:
        """Returns when it has ended (also as a zombie)."""
        if self._fd >= 0:
            await readable(self._fd)
            return
        while _proc.alive(self.process, self.process.boot_id):  # noqa: ASYNC110  # there is no event
            await asyncio.sleep(POLL_SECONDS)

    async def ended_within(self, seconds: float) -> bool:
        """Whether it has ended within a time. Real seconds: processes do not live in an injected clock's."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self.ended()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Grip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def first_ended(one: Grip, other: Grip) -> None:
    """Returns when either has ended."""
    tasks = [asyncio.ensure_future(grip.ended()) for grip in (one, other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def readable(fd: int) -> None:
    """Returns when a descriptor becomes readable. The descriptor may be watched only once."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, _wake, future)
    try:
        await future
    finally:
        loop.remove_reader(fd)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
