"""A check that sees what a test puts before it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Observation

FINE = Observation(Outcome.OK, "fine")


@dataclass(slots=True)
class FakeCheck:
    """Sees `shows` at each look. Script: `broken` is raised instead; while `hangs` is set no look ends by
    itself; `unclosable` is raised by `close`.

    `looks`: how many began; `at_once` and `most_at_once`: how many were under way now and ever.
    """

    shows: Observation = FINE
    broken: BaseException | None = None
    hangs: bool = False
    unclosable: Exception | None = None
    looks: int = 0
    at_once: int = 0
    most_at_once: int = 0
    closed: bool = False
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> Observation:
        """See `Check.look`."""
        self.looks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.hangs:
                await self.freed.wait()
            if self.broken is not None:
                raise self.broken
            return self.shows
        finally:
            self.at_once -= 1

    def free(self) -> None:
        """What hangs goes on; later looks do not hang."""
        self.hangs = False
        self.freed.set()

    async def close(self) -> None:
        """See `Check.close`."""
        self.closed = True
        if self.unclosable is not None:
            raise self.unclosable
