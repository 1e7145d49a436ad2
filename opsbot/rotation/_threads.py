"""Blocking work beside the event loop, of which nothing goes on when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Stopped(Exception):
    """Nobody waits for this work any more."""


class Brake:
    """Asked now and then by long work."""

    def __init__(self) -> None:
        self._pulled = threading.Event()

    def pull(self) -> None:
        """The work is to end."""
        self._pulled.set()

    def check(self) -> None:
        """
        Raises:
            Stopped: it was pulled.
        """
        if self._pulled.is_set():
            raise Stopped


async def in_thread(work: Callable[[], Result], brake: Brake | None = None) -> Result:
    """Runs it in a thread. Whoever cancels this waits until the thread has ended, so that what it did is
    known; `brake`: is pulled then."""
    job = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        if brake:
            brake.pull()
        await _over(job)
        raise


async def _over(job: asyncio.Future[Result]) -> None:
    while not job.done():
        try:
            await asyncio.wait([job])
        except asyncio.CancelledError:  # once more: the first one is raised when the thread has ended
            continue
    if not job.cancelled():
        job.exception()  # seen
