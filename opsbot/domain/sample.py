"""What one check saw at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment

NO_METRICS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a health report, such as ✓ `Health Endpoint`: `HTTP 200`. Texts are untrusted."""

    outcome: Outcome
    label: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a check's look found; the scheduler makes a `Sample` of it.

    `metrics`: named numbers with the unit in the name (`rss_bytes`, `health_response_seconds`), finite;
    names ending in `_total` are counters since the check began and never fall but for a reset.
    `detail`: one line for people. `findings`: the lines of the health report.
    """

    outcome: Outcome
    detail: str = ""
    metrics: Mapping[str, float] = field(default_factory=lambda: NO_METRICS)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """An observation with its origin: the target's name, the check's name in it, and when."""

    target: str
    check: str
    at: Moment
    outcome: Outcome
    detail: str = ""
    metrics: Mapping[str, float] = field(default_factory=lambda: NO_METRICS)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, target: str, check: str, at: Moment, seen: Observation) -> Sample:
        """The sample that an observation makes."""
        return cls(target, check, at, seen.outcome, seen.detail, seen.metrics, seen.findings)
