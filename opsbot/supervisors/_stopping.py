"""Ending processes: only those whose identity was read again, through a pidfd."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable

from opsbot.domain.process import ProcessId
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._pidfd import Grip

KILL_SECONDS = 10.0
"""A process that SIGKILL has not ended by then hangs in the kernel (a dead disk or network file system)."""


async def terminate(grip: Grip, number: int, grace: float) -> int:
    """`number`, `grace` seconds, SIGKILL. Returns the signal after which it was gone.

    Raises:
        SupervisorError: not permitted, or it hangs in the kernel.
    """
    pid = grip.process.pid
    if pid in (0, 1, os.getpid()):
        raise SupervisorError(f"pid {pid} is no target: it is not signalled.", permanent=True)
    try:
        grip.signal(number)
        if await grip.ended_within(grace):
            return number
        grip.signal(signal.SIGKILL)
    except ProcessLookupError:
        return number
    except PermissionError:
        raise SupervisorError(
            f"opsbot may not signal pid {pid}, which is another user's: run opsbot as root or as that user.",
            permanent=True,
        ) from None
    if not await grip.ended_within(KILL_SECONDS):
        raise SupervisorError(
            f"pid {pid} is still there {KILL_SECONDS:.0f} s after SIGKILL: it hangs in the kernel."
        )
    return signal.SIGKILL


async def sweep(
    leftovers: Iterable[ProcessId],
    boot_id: str,
    token: str,
    *,
    number: int = signal.SIGKILL,
    grace: float = 0.0,
) -> None:
    """Ends the survivors of a target's group, all at once. Each one's cookie is read again first."""
    async with asyncio.TaskGroup() as group:
        for process in leftovers:
            group.create_task(_sweep_one(process, boot_id, token, number, grace))


async def _sweep_one(process: ProcessId, boot_id: str, token: str, number: int, grace: float) -> None:
    grip = Grip.take(process, boot_id)
    if grip is None:
        return
    with grip:
        cookie = _proc.cookie(process.pid)
        if cookie and cookie.token == token:
            await terminate(grip, number, grace)
