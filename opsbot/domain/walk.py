"""A walk through a runbook, by somebody, for one target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.actor import Actor


class Mark(StrEnum):
    """What came of a step."""

    WAITING = "waiting"
    FINE = "fine"  # looked at and right, or done
    WRONG = "wrong"  # looked at and not right, or a person says no
    UNSURE = "unsure"  # nothing certain can be said
    SKIPPED = "skipped"  # nobody did it
    LEFT = "left"  # for people, and nobody was there to ask


ANSWERS = (Mark.FINE, Mark.WRONG, Mark.SKIPPED)
"""What a person can say of a step."""


@dataclass(frozen=True, slots=True)
class WalkStep:
    """A step as it stood in the runbook when the walk began. `ask`: its directive as it is written, empty for
    a step that is for people. `evidence`: one line; `by`: who said it, None for opsbot; `at`: seconds since
    1970 UTC; `told`: what the incident's timeline has of it."""

    title: str
    text: str = ""
    ask: str = ""
    mark: Mark = Mark.WAITING
    evidence: str = ""
    by: Actor | None = None
    at: float = 0.0
    told: Mark | None = None

    @property
    def automatic(self) -> bool:
        """opsbot does it."""
        return bool(self.ask)


@dataclass(frozen=True, slots=True)
class Walk:
    """`id`: 16 letters, which buttons name. `begun`, `ended`: seconds since 1970 UTC; `ended_by`: who ended
    it before its last step. `remarks`: what must be said with it, a sentence each; not kept."""

    id: str
    runbook: str
    title: str
    digest: str
    target: str
    actor: Actor
    begun: float
    steps: tuple[WalkStep, ...]
    incident: int | None = None
    ended: float | None = None
    ended_by: Actor | None = None
    remarks: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Nothing more can be said of it."""
        return self.ended is not None

    @property
    def current(self) -> int | None:
        """The number (from 1) of the first step that waits; None when none does, or the walk is over."""
        if self.over:
            return None
        return next((n for n, step in enumerate(self.steps, 1) if step.mark is Mark.WAITING), None)

    @property
    def due(self) -> bool:
        """The step that waits is opsbot's."""
        return self.current is not None and self.steps[self.current - 1].automatic

    @property
    def asks(self) -> int | None:
        """The number (from 1) of the step that waits for a person."""
        return None if self.due else self.current

    def count(self, mark: Mark) -> int:
        """How many steps are so."""
        return sum(step.mark is mark for step in self.steps)
