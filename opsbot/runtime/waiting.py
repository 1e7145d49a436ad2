"""Waiting for an event, for work or for time, on the injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from opsbot.clock import Clock

T = TypeVar("T")


async def wait_until(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Waits for `event`, at most `seconds` of `clock` (None: as long as it takes).

    Returns whether the event is set.
    """
    if event.is_set():
        return True
    if seconds is None:
        return await event.wait()
    waiting = asyncio.ensure_future(event.wait())
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await put_away(waiting, sleeping)
    return event.is_set()


async def within(work: Coroutine[Any, Any, T], clock: Clock, seconds: float) -> T:
    """The result of `work`, cancelled after `seconds` of `clock`.

    What is foreign runs in a task of its own, so that a cancellation of its own making (a library that lets
    one out) is told from ours.

    Raises:
        TimeoutError: it took too long.
        RuntimeError: it was cancelled, by nobody here.
    """
    working = asyncio.ensure_future(work)
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({working, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise TimeoutError
        if working.cancelled():
            raise RuntimeError("it was cancelled from within")
        return working.result()
    finally:
        await put_away(working, sleeping)


async def put_away(*tasks: asyncio.Future[Any]) -> None:
    """Cancels what still runs and waits for its end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
