"""A clock that moves only when told: hours of behaviour in milliseconds."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Sized

from opsbot.domain.moment import Moment

_START_WALL = 1_767_625_440.0  # 2026-01-05 15:04:00 UTC, the guide's own example
_SETTLE_ROUNDS = 50
_SETTLE_AT_MOST = 5_000  # a loop that never rests is not waited for


class VirtualClock:
    """Starts at `mono` seconds after boot and `wall` seconds since 1970; `advance` moves both."""

    def __init__(self, mono: float = 1000.0, wall: float = _START_WALL, boot_id: str = "boot-1") -> None:
        self._now = Moment(mono, wall)
        self._boot_id = boot_id
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @property
    def boot_id(self) -> str:
        """Names the simulated boot."""
        return self._boot_id

    def now(self) -> Moment:
        """The simulated present."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Returns when `advance` has passed `seconds`; 0 or less yields once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now.mono + seconds, next(self._order), future))
        await future

    def step_wall(self, seconds: float) -> None:
        """Somebody sets the wall clock; durations do not notice."""
        self._now = Moment(self._now.mono, self._now.wall + seconds)

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: both clocks go on, and whoever waits waits as long as before when it wakes
        (asyncio's timers count CLOCK_MONOTONIC, which stands meanwhile)."""
        self._now = self._now.after(seconds)
        self._sleepers = [(when + seconds, order, future) for when, order, future in self._sleepers]

    async def advance(self, seconds: float) -> None:
        """Moves time on, waking each sleeper at its own moment and letting it run."""
        end = self._now.mono + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue  # whoever slept was cancelled: nothing happens at that moment
            self._move_to(when)
            future.set_result(None)
            await self.settle()
        self._move_to(end)
        await self.settle()

    async def settle(self) -> None:
        """Lets everything that can run without the passing of time run, however long its chain is."""
        ready: Sized | None = getattr(asyncio.get_running_loop(), "_ready", None)
        if ready is None:  # a loop of another make
            for _ in range(_SETTLE_ROUNDS):
                await asyncio.sleep(0)
            return
        for _ in range(_SETTLE_AT_MOST):
            await asyncio.sleep(0)
            if not ready:
                return

    def _move_to(self, mono: float) -> None:
        self._now = self._now.after(max(0.0, mono - self._now.mono))
