"""What a condition may talk about: the metrics and checks of one target, and the thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opsbot.config.conditions.mistakes import ConditionError

if TYPE_CHECKING:
    from opsbot.config.thresholds import Limits


class Absent(ConditionError):
    """A known word or metric that this target does not give."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`metrics`: each with the check that gives it; `checks`: each with its kind; `intervals`: each check's,
    in seconds; `known`: metrics that any target gives; `max_failures`: of `thresholds.api_health`."""

    target: str
    metrics: Mapping[str, str]
    checks: Mapping[str, str]
    intervals: Mapping[str, float]
    limits: Mapping[str, Limits]
    known: frozenset[str] = field(default_factory=frozenset)
    max_failures: int = 3

    def of_kind(self, kind: str) -> list[str]:
        """The checks of a kind, in order."""
        return [name for name, its_kind in self.checks.items() if its_kind == kind]

    def health(self) -> str | None:
        """The check that asks for the target's health: the one that gives `health_up`. Not just any HTTP
        check: restarting because a synthetic transaction fails would not mend what it depends on."""
        return self.metrics.get("health_up")
