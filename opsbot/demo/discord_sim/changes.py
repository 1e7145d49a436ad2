"""Waiting for the world to become something, without polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEFAULT_WAIT_SECONDS = 60.0  # ends a hang; a loaded machine is slow, and not wrong


class Changes:
    """Wakes everyone who waits whenever the simulated world changed.

    `count` only ever grows, so "did anything happen since?" is one comparison.
    """

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        self.count += 1
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_for(
        self,
        predicate: Callable[[], T],
        timeout: float = DEFAULT_WAIT_SECONDS,
        *,
        explain: Callable[[], str] = lambda: "the simulated world did not get there",
    ) -> T:
        """Return the predicate's first truthy value.

        `timeout` is in seconds of real time. Raises TimeoutError with `explain()` as its text.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (value := predicate()):
                    await self._next()
                return value
        except TimeoutError:
            raise TimeoutError(f"after {timeout:g} s: {explain()}") from None

    async def beyond(self, count: int) -> None:
        """Until more than `count` changes have happened."""
        while self.count <= count:
            await self._next()

    async def _next(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
