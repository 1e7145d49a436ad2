"""Looks after opsbot's own state: tells when it cannot be written, tries it again, and prunes what is old."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from opsbot.clock import Clock
from opsbot.engine.inputs import Input, OwnTrouble, Restate
from opsbot.engine.own import DAMAGE_RULE, HISTORY_RULE, STATE_RULE
from opsbot.engine.state import State
from opsbot.errors import StoreError
from opsbot.runtime.pulse import Pulse
from opsbot.stores.base import MetricsStore, StateKeeper

LOOK_EVERY = 5.0
"""Seconds between two looks at the state file while it may be broken."""

PRUNE_EVERY = 6 * 3600.0
"""Seconds between two removals of what is older than it is kept."""

log = structlog.get_logger("opsbot.caretaker")


@dataclass(slots=True)
class Caretaker:
    """`keep`: seconds for which resolved incidents are kept. `state`: what a new file must hold. `metrics`:
    the other file, of which people hear when it was damaged. `tidy`: removes other things that are old."""

    state: State
    store: StateKeeper
    clock: Clock
    post: Callable[[Input], Awaitable[None]]
    keep: float
    metrics: MetricsStore | None = None
    pulse: Pulse = field(default_factory=Pulse)
    tidy: Callable[[], Awaitable[object]] | None = None
    _told: dict[str, str] = field(default_factory=dict)
    _pruned: float = float("-inf")
    _damaged: Path | None = None
    _lost: Path | None = None

    def go_on(self, before: Caretaker) -> None:
        """Takes over what was told and done, so that nothing is told or done twice."""
        self._told, self._pruned = dict(before._told), before._pruned
        self._damaged, self._lost = before._damaged, before._lost

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                await self._look()
            except Exception as error:  # it is all tried again the next time
                log.warning("opsbot's own state could not be looked after", reason=repr(error))
            self.pulse.next("caretaker", self.clock.now().mono + LOOK_EVERY)
            await self.clock.sleep(LOOK_EVERY)

    async def _look(self) -> None:
        degraded = self.store.degraded
        if degraded is not None:
            await self.store.recover()
            degraded = self.store.degraded
        await self._tell(
            STATE_RULE, f"opsbot's state cannot be written: {degraded.reason}" if degraded else ""
        )
        await self._look_for_damage()
        if degraded is None and self.clock.now().mono - self._pruned > PRUNE_EVERY:
            await self._prune()

    async def _look_for_damage(self) -> None:
        """Told once per damaged file; over at the next look, since a new file stands in its place."""
        damaged = self.store.quarantined
        text = ""
        if damaged is not None and damaged != self._damaged:
            await self.post(Restate(await self._without_timeline()))
            text = f"state.db was damaged: it is kept as {damaged.name}, a new one holds what was rescued"
        self._damaged = damaged
        await self._tell(DAMAGE_RULE, text)
        lost = self.metrics.quarantined if self.metrics is not None else None
        text = ""
        if lost is not None and lost != self._lost:
            text = f"metrics.db was damaged: it is kept as {lost.name}, the history begins anew"
        self._lost = lost
        await self._tell(HISTORY_RULE, text)

    async def _without_timeline(self) -> frozenset[int]:
        numbers = list(self.state.incidents)
        return frozenset([n for n in numbers if not await self.store.timeline(n)])

    async def _tell(self, rule: str, text: str) -> None:
        if self._told.get(rule, "") == text:
            return
        self._told[rule] = text
        if text:
            log.error("opsbot's own state", problem=text)
        else:
            log.info("opsbot's own state is well again", rule=rule)
        await self.post(OwnTrouble(rule, text))

    async def _prune(self) -> None:
        self._pruned = self.clock.now().mono
        if self.tidy is not None:
            await self.tidy()
        try:
            gone = await self.store.prune(self.keep)
        except StoreError as error:
            log.warning("old incidents stay for now", reason=str(error))
        else:
            if gone:
                log.info("old incidents are removed", count=gone)
