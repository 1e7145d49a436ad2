"""The history kept small: packed and rolled up soon, pruned by age and by size."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.series import DAY, Keep
from opsbot.stores.base import MetricsStore

TIDY_EVERY = 60.0
"""Seconds between two looks at what can be packed, and at the size."""

PRUNE_EVERY = 3_600.0
"""Seconds between two removals of what is too old."""

PAUSE = 0.05
"""Seconds between two pieces of packing: batches, queries and the rest of opsbot go on meanwhile."""

MIB = 1_048_576

log = structlog.get_logger("opsbot.history")


class TrustedWall:
    """Whether the wall clock goes as the other one does. One that was set by more than `DAY` may be wrong for
    a while, and nothing is removed by it before it has stood so for as long."""

    def __init__(self, now: Moment) -> None:
        self._anchor = now
        self._moved: Moment | None = None

    def holds(self, now: Moment) -> bool:
        """Whether what is old by the wall clock may be taken to be old."""
        if _agree(self._anchor, now):
            self._anchor, self._moved = now, None
            return True
        if self._moved is None or not _agree(self._moved, now):
            self._moved = now
        elif now.since(self._moved) >= DAY:
            self._anchor, self._moved = now, None
            return True
        return False


def _agree(earlier: Moment, now: Moment) -> bool:
    return abs((now.wall - earlier.wall) - (now.mono - earlier.mono)) < DAY


@dataclass(slots=True)
class Tidier:
    """`remark`: what people must know of the history's size; empty: nothing."""

    store: MetricsStore
    clock: Clock
    keep: Keep
    remark: str = ""
    _told: set[str] = field(default_factory=set)
    _gone: float = 0.0

    async def run(self) -> None:
        """Works until cancelled. Whatever fails is tried again the next time."""
        pruned = self.clock.now()
        wall = TrustedWall(pruned)
        while True:
            await self.clock.sleep(TIDY_EVERY)
            now = self.clock.now()
            await self._pack()
            if now.since(pruned) >= PRUNE_EVERY:
                if wall.holds(now):
                    await self._prune(now.wall)
                pruned = now
            await self._shrink(now.wall)

    async def _pack(self) -> None:
        try:
            while await self.store.pack(self.clock.now().wall):
                await self.clock.sleep(PAUSE)
        except Exception as error:
            self._failed("metrics could not be packed", error)
        else:
            self._told.discard("metrics could not be packed")

    async def _prune(self, now: float) -> None:
        try:
            await self.store.prune(now, self.keep)
        except Exception as error:
            log.warning("old metrics could not be removed", reason=str(error))

    async def _shrink(self, now: float) -> None:
        try:
            gone = await self.store.shrink(self.keep.most_bytes)
        except Exception as error:
            self._failed("the history's size could not be looked at", error)
            return
        self._told.discard("the history's size could not be looked at")
        if gone is not None:
            self._full(gone)
        elif self.remark and now - self._gone >= self.keep.raw:
            self.remark = ""
            log.info("the history has room again for every value of its time")

    def _full(self, until: float) -> None:
        """Told once in the log, and in each report for as long as values of their time are missing."""
        size = f"{self.keep.most_bytes / MIB:g} MB"
        when = f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC"
        if not self.remark:
            log.warning("the history has reached its size: the oldest values go first", size=size, until=when)
        self._gone = max(self._gone, until)
        self.remark = f"The history is full ({size}): of what was before {when} only minutes are left"

    def _failed(self, what: str, error: Exception) -> None:
        if what not in self._told:
            log.warning(what, reason=str(error))
        self._told.add(what)
