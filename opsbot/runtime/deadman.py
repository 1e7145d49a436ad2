"""The dead man's switch: a place elsewhere that is pinged as long as opsbot works, and tells people when the
pings stop. What opsbot cannot tell, that it is gone, is told by that.

A ping says that every loop came round of late, that what was seen is decided, and that the state is written.
Nothing is said at the end: an opsbot that is stopped watches nothing, whoever stopped it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.engine.inputs import Input, OwnTrouble
from opsbot.engine.own import SWITCH_RULE
from opsbot.stores.base import StateKeeper
from opsbot.text import one_line, seconds_text

RETRY = 20.0
"""Seconds to the next try after one that did not succeed, if that is sooner."""

TELL_AFTER = 300.0
"""Seconds without success until people hear of it: the place has some patience of its own."""

UNWRITTEN = 900.0
"""Seconds for which the state may be kept in journal or memory; then a crash would lose too much."""

SHOWN = 200
"""Characters of a reason."""

log = structlog.get_logger("opsbot.deadman")


class Pinged(Protocol):
    """The place elsewhere. `name`: its host; the rest of the address is secret."""

    @property
    def name(self) -> str:
        """What people may read of it."""

    async def ping(self, *, well: bool) -> str:
        """Tells it; returns why it did not take that, empty when it did. Takes some seconds at most."""

    async def close(self) -> None:
        """Lets go of the connection."""


@dataclass(frozen=True, slots=True)
class Switch:
    """`every`: seconds between two pings. `fail`: it is also told when opsbot does not work."""

    place: Pinged
    every: float = 60.0
    fail: bool = False


class DeadMan:
    """Pings while all is well. `well`: why it is not, one clause each."""

    def __init__(
        self,
        switch: Switch,
        clock: Clock,
        post: Callable[[Input], Awaitable[None]],
        hindrances: Callable[[], Awaitable[tuple[str, ...]]],
        keeper: StateKeeper | None,
    ) -> None:
        self._switch, self._clock, self._post = switch, clock, post
        self._hindrances, self._keeper = hindrances, keeper
        self._missing: Moment | None = None
        self._told: bool | None = None
        self._unwell: tuple[str, ...] = ()
        self._failure_taken = False
        self._broke = ""

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            taken = await self._round()
            await self._clock.sleep(self._switch.every if taken else min(self._switch.every, RETRY))

    async def _round(self) -> bool:
        """One ping, or none; returns whether all is well."""
        wrong = (*await self._hindrances(), *self._unwritten())
        if wrong:
            await self._not_well(wrong)
            return False
        self._unwell, self._failure_taken = (), False
        refused = await self._ping(well=True)
        await self._note(refused)
        return not refused

    async def _not_well(self, wrong: tuple[str, ...]) -> None:
        if not self._unwell:
            log.error("the dead man's switch is not pinged", reasons=wrong)
        self._unwell = wrong
        if self._switch.fail and not self._failure_taken:  # said once, but as often as that takes
            self._failure_taken = not await self._ping(well=False)

    def _unwritten(self) -> tuple[str, ...]:
        degraded = self._keeper.degraded if self._keeper is not None else None
        if degraded is None or self._clock.now().since(degraded.since) < UNWRITTEN:
            return ()
        return (f"the state is not written for {seconds_text(UNWRITTEN)}",)

    async def _ping(self, *, well: bool) -> str:
        try:
            return await self._switch.place.ping(well=well)
        except Exception as broken:  # whatever it is, the next one is tried
            if self._broke != repr(broken):  # one that breaks each time is said once
                log.warning("a ping broke", exc_info=True)
            self._broke = repr(broken)
            return type(broken).__name__

    async def _note(self, refused: str) -> None:
        """What fails for minutes is told, once; that it succeeds again, too."""
        now = self._clock.now()
        if not refused:
            self._missing = None
            if self._told is not False:  # also what an earlier opsbot told
                self._told = False
                await self._post(OwnTrouble(SWITCH_RULE, ""))
            return
        self._missing = self._missing or now
        if not self._told and now.since(self._missing) >= TELL_AFTER:
            self._told = True
            text = f"the dead man's switch at {self._switch.place.name} is not reached: {refused}"
            log.error("opsbot itself", problem=text)
            await self._post(OwnTrouble(SWITCH_RULE, one_line(text, SHOWN)))
