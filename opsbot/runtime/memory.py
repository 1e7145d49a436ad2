"""Answers about what is over, out of the stores."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.audit import ActFilter, AuditEntry
from opsbot.domain.incident import Incident
from opsbot.domain.metrics import MetricKind, kind_of
from opsbot.domain.report import Figures, Period, Report
from opsbot.domain.series import Series
from opsbot.draw.payload import File
from opsbot.draw.postmortem import file_name, postmortem
from opsbot.engine.inputs import Input, Recorded
from opsbot.engine.reporting import UP_END, Watched, figures
from opsbot.errors import StoreError, UsageError
from opsbot.stores.base import ALL_ACTS, StateStore

MOST_ACTS = 20_000
"""Acts of one period or incident that are looked through: more would be one every few minutes for a month."""

LISTED = 10_000
"""Incidents that are looked through for those that are open, or of one target."""

PROCESS_UP = "process_up"

Ask = Callable[[Input], Awaitable[object]]


class Past(Protocol):
    """The history of metrics, as `runtime.history` and the store have it."""

    async def names(self, target: str) -> list[str]:
        """Metrics of a target that have values, sorted."""

    async def buckets(self, target: str, metric: str, since: float, until: float, most: int) -> Series:
        """A metric in a time range, see `MetricsStore.buckets`."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Implements `runtime.asked.memory.Memory`, and of `People` what only looks.

    `titles`: of the targets, in the configuration's order. `present`: incidents in memory, which may be newer
    than the file. `ask`: the pipeline's; None: nothing is written, as by a command that only reads the files.
    """

    store: StateStore
    history: Past
    clock: Clock
    titles: Callable[[], Mapping[str, str]]
    present: Callable[[], Mapping[int, Incident]] = dict
    ask: Ask | None = None

    async def told(self, number: int) -> Incident:
        """An incident with its whole timeline."""
        with _readable():
            found = self.present().get(number) or await self.store.incident(number)
            if found is None:
                raise UsageError(f"There is no incident #{number} (any more).")
            stored = tuple(await self.store.timeline(number))
        # what is not in the file yet, while that cannot be written, memory knows
        return replace(found, timeline=stored) if len(stored) >= len(found.timeline) else found

    find = told

    async def newest(self, count: int, *, live: bool, target: str = "") -> tuple[Incident, ...]:
        """The newest incidents, newest first, without timelines."""
        with _readable():
            found = await self.store.incidents(LISTED if live or target else count)
        fitting = [i for i in reversed(found) if target in ("", i.target) and (i.live or not live)]
        return tuple(fitting[:count])

    async def postmortem(self, number: int) -> File:
        """The postmortem of an incident as it is now."""
        incident = await self.told(number)
        began = (incident.true_since or incident.opened).wall
        wanted = ActFilter(target=incident.target, since=min(began, incident.opened.wall))
        with _readable():
            acts = await self.store.audit(MOST_ACTS, wanted)
        text = await asyncio.to_thread(postmortem, incident, incident.timeline, acts, self.clock.now())
        return File(file_name(incident), text.encode())

    async def report(self, period: Period, until: float | None = None) -> Report:
        """The figures of a period, and of the one before it."""
        at = self.clock.now()
        end = at.wall if until is None else until
        middle, begin = end - period.seconds, end - 2 * period.seconds
        with _readable():
            incidents = {i.id: i for i in await self.store.incidents_between(begin, end)}
            incidents |= {n: i for n, i in self.present().items() if n in incidents or i.live}
            acts = await self.store.audit(MOST_ACTS, ActFilter(since=begin))
            whole = [incidents[number] for number in sorted(incidents)]
            now = await self._figures(period, middle, end, whole, acts)
            before = await self._figures(period, begin, middle, whole, acts)
        return Report(period, at, now, before)

    async def _figures(
        self,
        period: Period,
        since: float,
        until: float,
        incidents: Sequence[Incident],
        acts: Sequence[AuditEntry],
    ) -> Figures:
        watched = [
            Watched(name, title, await self.looks(name, since, until, period.looks))
            for name, title in self.titles().items()
        ]
        return await asyncio.to_thread(figures, since, until, period.slot, watched, incidents, acts)

    async def looks(self, target: str, since: float, until: float, most: int) -> Series | None:
        """By what is known when a target was looked at: best by what says that it is up."""
        names = await self.history.names(target)
        gauges = [name for name in names if kind_of(name) in (MetricKind.GAUGE, MetricKind.STATE)]
        ups = [name for name in gauges if name.endswith(UP_END)]
        name = next(iter([n for n in ups if n == PROCESS_UP] + ups + gauges), None)
        return None if name is None else await self.history.buckets(target, name, since, until, most)

    async def audit(self, newest: int, wanted: ActFilter = ALL_ACTS) -> tuple[AuditEntry, ...]:
        """The newest acts that are wanted, newest first."""
        with _readable():
            return tuple(reversed(await self.store.audit(newest, wanted)))

    async def record(self, actor: Actor, verb: str, target: str = "", reason: str = "") -> None:
        """Puts into the audit that somebody did or was shown something."""
        if self.ask is not None:
            await self.ask(Recorded(actor, verb, target, "allowed", reason))


def period_of(text: str) -> Period:
    """
    Raises:
        UsageError: there is no such period.
    """
    try:
        return Period(text.strip().casefold())
    except ValueError:
        raise UsageError("A report is of a `day`, a `week` or a `month`.") from None


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise UsageError(f"It cannot be read now: {error}") from error
