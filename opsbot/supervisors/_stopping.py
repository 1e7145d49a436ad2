"""Ending processes: only those whose identity was read again, through a pidfd."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable

from opsbot.domain.process import ProcessId
from opsbot.errors import SupervisorError
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
    ours: Callable[[int], bool],
    *,
    number: int = signal.SIGKILL,
    grace: float = 0.0,
) -> int:
    """Ends what earlier targets left behind, all at once; how many these were. Whether each one is `ours` is
    read again, after it is held fast.

    Raises:
        SupervisorError: one of them could not be ended; the others have been.
    """
    endings = [_sweep_one(process, boot_id, ours, number, grace) for process in leftovers]
    results = await asyncio.gather(*endings, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return sum(result is True for result in results)


async def _sweep_one(
    process: ProcessId, boot_id: str, ours: Callable[[int], bool], number: int, grace: float
) -> bool:
    grip = Grip.take(process, boot_id)
    if grip is None:
        return False
    with grip:
        if not ours(process.pid):
            return False
        await terminate(grip, number, grace)
        return True
