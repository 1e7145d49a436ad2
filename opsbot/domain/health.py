"""A health report, as people read it: the guide's six sections."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Finding


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered section, such as "Discord Bot Process"."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of its findings; unknown when it has none."""
        return max((f.outcome for f in self.findings), key=lambda o: o.rank, default=Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class HealthReport:
    """All sections of one target. `notes`: what else a reader must know (paused, held, stopped by …)."""

    target: str
    title: str
    at: Moment
    sections: tuple[Section, ...]
    incidents: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of its sections."""
        return max((s.outcome for s in self.sections), key=lambda o: o.rank, default=Outcome.UNKNOWN)
