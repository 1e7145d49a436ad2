"""Blocking looks at the machine, in threads of their own: a look that hangs (a dead network disk) holds back
neither the rest of opsbot nor its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from opsbot.diagnostics.base import NotCollected

T = TypeVar("T")

AT_ONCE = 4
"""Threads at the same time, those that hang included."""


class Threads:
    """Few at once, and nobody waits for them at the end."""

    def __init__(self, most: int = AT_ONCE) -> None:
        self._most = most
        self._busy = 0
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Whoever is cancelled does not wait for its end.

        Raises:
            NotCollected: too many earlier ones hang.
        """
        with self._lock:
            if self._busy >= self._most:
                raise NotCollected("earlier looks still hang: is a disk or a network drive gone?")
            self._busy += 1
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()

        def told(tell: Callable[[], None]) -> None:
            if not result.done():
                tell()

        def run() -> None:
            try:
                found = work()
                tell: Callable[[], None] = lambda: result.set_result(found)  # noqa: E731
            except BaseException as error:
                broken = error
                tell = lambda: result.set_exception(broken)  # noqa: E731
            with self._lock:
                self._busy -= 1
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(told, tell)

        threading.Thread(target=run, name="diagnostics", daemon=True).start()
        return await result
