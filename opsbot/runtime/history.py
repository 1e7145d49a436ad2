"""Samples on their way to the metrics store: in batches, best effort."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from opsbot.clock import Clock
from opsbot.domain.sample import Sample
from opsbot.domain.series import Keep, Series
from opsbot.engine.state import State
from opsbot.errors import StoreUnavailable
from opsbot.runtime.pulse import Pulse
from opsbot.runtime.seeding import past_values
from opsbot.runtime.tidying import Tidier
from opsbot.runtime.waiting import wait_until
from opsbot.stores.base import MetricsStore

FLUSH_EVERY = 10.0
"""Seconds between two batches."""

FLUSH_AT = 2_000
"""Samples that make a batch full before its time."""

MOST = 20_000
"""Samples that wait at most while the store does not answer; older ones are given up."""

log = structlog.get_logger("opsbot.history")


@dataclass(slots=True)
class History:
    """Buffers samples and answers questions about the past."""

    store: MetricsStore
    clock: Clock
    keep: Keep = field(default_factory=Keep)
    pulse: Pulse = field(default_factory=Pulse)
    _buffer: list[Sample] = field(default_factory=list)
    _full: asyncio.Event = field(default_factory=asyncio.Event)
    _told: bool = False
    _tidier: Tidier = field(init=False)

    def __post_init__(self) -> None:
        self._tidier = Tidier(self.store, self.clock, self.keep)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a health report says of the history."""
        return (self._tidier.remark,) if self._tidier.remark else ()

    def add(self, sample: Sample) -> None:
        """Takes a sample into the next batch."""
        if sample.metrics:
            self._buffer.append(sample)
            if len(self._buffer) > MOST:
                del self._buffer[: MOST // 10]
                self._lost("too many wait")
            if len(self._buffer) >= FLUSH_AT:
                self._full.set()

    async def run(self) -> None:
        """Writes batches, and keeps what is written small, until cancelled; the last batch on the way out."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write())
                group.create_task(self._tidier.run())
        finally:
            await self.flush()

    async def _write(self) -> None:
        while True:
            self.pulse.next("history", self.clock.now().mono + FLUSH_EVERY)
            await wait_until(self._full, self.clock, FLUSH_EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Writes what waits. A store that cannot be written loses it, and that is said once."""
        batch, self._buffer = self._buffer, []
        self._full.clear()
        if not batch:
            return
        try:
            await self.store.append(batch)
            self._told = False
        except Exception as error:  # whatever it is, metrics are not worth the watching
            self._lost(str(error) if isinstance(error, StoreUnavailable) else repr(error))

    def _lost(self, why: str) -> None:
        if not self._told:
            log.warning("metrics are lost while their store cannot be written", reason=why)
        self._told = True

    async def seed(self, state: State) -> None:
        """Rebuilds the rules' windows that hold nothing from what is stored; without it they begin empty."""
        now = self.clock.now()
        try:
            for known in state.known.values():
                windows = known.view.windows
                for metric in windows.empty & windows.needs.keys():
                    window = windows.needs[metric]
                    span = now.wall - window, now.wall
                    points = await past_values(self.store, known.target.name, metric, span, self.keep.raw)
                    windows.seed(metric, [(now.mono - (now.wall - p.wall), p.value) for p in points])
        except StoreUnavailable as error:
            log.warning("windows begin empty: the past cannot be read", reason=str(error))

    async def names(self, target: str) -> list[str]:
        """Metrics of a target that have values, what waits included, sorted."""
        await self.flush()
        return await self.store.names(target)

    async def buckets(self, target: str, metric: str, since: float, until: float, most: int) -> Series:
        """A metric in a time range, what waits included (see `MetricsStore.buckets`)."""
        await self.flush()
        return await self.store.buckets(target, metric, since, until, most)
