"""Waiting for an event or for time, on the injected clock."""

from __future__ import annotations

import asyncio

from opsbot.clock import Clock


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
        for task in (waiting, sleeping):
            task.cancel()
        await asyncio.gather(waiting, sleeping, return_exceptions=True)
    return event.is_set()
