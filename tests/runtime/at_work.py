"""One part of the runtime at work, alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from opsbot.runtime.core import Runs
from opsbot.testing.clock import VirtualClock


@asynccontextmanager
async def at_work(part: Runs, clock: VirtualClock) -> AsyncIterator[None]:
    """The part runs while the context lasts; what it died of comes out at its end."""
    task = asyncio.create_task(part.run())
    try:
        await clock.settle()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
