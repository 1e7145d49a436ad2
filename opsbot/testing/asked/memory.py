"""A scripted `Memory`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.audit import ActFilter, AuditEntry
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.report import Figures, Period, Report
from opsbot.draw.payload import File
from opsbot.draw.postmortem import file_name, postmortem
from opsbot.errors import UsageError
from opsbot.stores.base import ALL_ACTS


@dataclass(slots=True)
class FakeMemory:
    """`note`: where what is asked is remembered; `known`: the incidents. `acts`: the audit, oldest first;
    `figures`: what a report says."""

    clock: Clock
    note: Callable[..., None]
    known: dict[int, Incident]
    timelines: dict[int, tuple[Entry, ...]] = field(default_factory=dict)
    acts: list[AuditEntry] = field(default_factory=list)
    figures: Figures | None = None

    def _told(self, number: int) -> Incident:
        if number not in self.known:
            raise UsageError(f"There is no incident #{number} (any more).")
        found = self.known[number]
        return replace(found, timeline=self.timelines.get(number, found.timeline))

    async def postmortem(self, number: int) -> File:
        """See `Memory`."""
        self.note("postmortem", str(number))
        found = self._told(number)
        text = postmortem(found, found.timeline, self.acts, self.clock.now())
        return File(file_name(found), text.encode())

    async def report(self, period: Period, until: float | None = None) -> Report:
        """See `Memory`."""
        self.note("report", period.value)
        now = self.clock.now()
        end = now.wall if until is None else until
        before = Figures(end - 2 * period.seconds, end - period.seconds)
        return Report(period, now, self.figures or Figures(end - period.seconds, end), before)

    async def audit(self, newest: int, wanted: ActFilter = ALL_ACTS) -> tuple[AuditEntry, ...]:
        """See `Memory`."""
        self.note("audit", wanted.target, None, f"{newest} {wanted.who}".strip())
        return tuple([act for act in reversed(self.acts) if wanted.fits(act)][:newest])

    async def record(self, actor: Actor, verb: str, target: str = "", reason: str = "") -> None:
        """See `Memory`."""
        self.note("record", target, actor, f"{verb} {reason}".strip())
