"""The command line's end of the wire, as the tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from opsbot.control.client import SOCKET, address, ask, running
from opsbot.testing.clock import VirtualClock
from tests.bound import BOUND

Lines = list[dict[str, Any]]


async def answer(folder: Path, request: dict[str, Any]) -> Lines:
    """What the command line gets, asked from a thread as from another process."""

    def blocking() -> Lines:
        link = running(folder)
        assert link is not None
        return list(ask(link, request))

    return await asyncio.wait_for(asyncio.to_thread(blocking), BOUND)


async def raw(folder: Path, sent: bytes, *, end: bool = False) -> bytes:
    """What comes back for bytes as they are; `end`: nothing more will be said."""
    with address(folder / SOCKET) as name:
        reader, writer = await asyncio.open_unix_connection(name)
    with suppress(ConnectionError):
        writer.write(sent)
        await writer.drain()
        if end:
            writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), BOUND)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(BOUND):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another thread's good time
            await asyncio.sleep(0.002)


@asynccontextmanager
async def time_passing(clock: VirtualClock) -> AsyncIterator[None]:
    async def pass_() -> None:
        while True:
            await clock.advance(0.05)
            await asyncio.sleep(0.001)

    passing = asyncio.create_task(pass_())
    try:
        yield
    finally:
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
