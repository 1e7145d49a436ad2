"""What became of a deploy after its watch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.silence import Deploy


class Verdict(StrEnum):
    """How it is."""

    WELL = "well"
    TROUBLE = "trouble"
    UNCERTAIN = "uncertain"  # nothing bad was seen, but not all was looked at


@dataclass(frozen=True, slots=True)
class Measured:
    """What the history says of the watch: `errors` in the log, and in a time as long before the deploy (None:
    not known); `unwatched`: seconds of the watch in which nothing was looked at."""

    errors: float | None = None
    errors_before: float | None = None
    unwatched: float = 0.0


@dataclass(frozen=True, slots=True)
class DeployOutcome:
    """`seconds`: of the watch. `troubles`, `gaps` (what was not looked at), `notes`: clauses for people, the
    weightiest first. Texts of checks in them are untrusted."""

    deploy: Deploy
    seconds: float
    troubles: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What is bad outweighs what is not known."""
        if self.troubles:
            return Verdict.TROUBLE
        return Verdict.UNCERTAIN if self.gaps else Verdict.WELL

    @property
    def headline(self) -> str:
        """ "all is well after 10 min", "2 alerts since, see #12"."""
        return (*self.troubles, *self.gaps, "all is well")[0]
