"""A clock that waits for real files: virtual time stands while one is read or written."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from opsbot.domain.moment import Moment
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing.clock import VirtualClock


class PatientClock(VirtualClock):
    """Time stands while a file is read or written."""

    def __init__(self) -> None:
        super().__init__()
        self._busy = 0
        self._idle = asyncio.Event()

    def begins(self) -> None:
        """Somebody waits for a file."""
        self._busy += 1
        self._idle.clear()

    def ends(self) -> None:
        """They wait no longer."""
        self._busy -= 1
        if not self._busy:
            self._idle.set()

    def passes(self, seconds: float) -> None:
        """So long nobody does anything."""
        self._move_to(self.now().mono + seconds)

    def reboots(self, seconds: float) -> None:
        """The machine starts anew after so long: nobody of before waits any more."""
        self._now = Moment(40.0, self._now.wall + seconds)
        self._boot_id, self._sleepers = f"{self._boot_id}+", []

    async def settle(self) -> None:
        await super().settle()
        while self._busy:
            await self._idle.wait()
            await asyncio.sleep(0.0005)  # what was answered is taken up
            await super().settle()


@dataclass
class Patient:
    """A state store for which the clock waits."""

    store: SqliteState
    clock: PatientClock

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def counted(*args: Any, **kwargs: Any) -> Any:
            self.clock.begins()
            try:
                return await found(*args, **kwargs)
            finally:
                self.clock.ends()

        return counted


class PatientThreads(ThreadPoolExecutor):
    """The event loop's threads, for which the clock waits."""

    def __init__(self, clock: PatientClock) -> None:
        super().__init__(4)
        self._clock, self._loop = clock, asyncio.get_running_loop()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._clock.begins()
        made = super().submit(fn, *args, **kwargs)
        made.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._clock.ends))
        return made
