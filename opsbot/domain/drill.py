"""A drill: a test that is sent through notifiers, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.actor import Actor
from opsbot.domain.moment import Moment


class DrillState(StrEnum):
    """How far the test is at one notifier."""

    SENDING = "sending"
    ARRIVED = "arrived"  # the receiver took it
    FAILED = "failed"
    OFF = "off"  # configured and switched off: nothing was sent


@dataclass(frozen=True, slots=True)
class DrillLine:
    """One notifier. `seconds`: until the receiver took the test, or until it failed. `error`: one sentence.
    `retry`: whether trying again could help. `end_error`: why the receiver does not know that the test is
    over, though it took the test itself."""

    notifier: str
    kind: str
    state: DrillState = DrillState.SENDING
    seconds: float = 0.0
    error: str = ""
    retry: bool = False
    end_error: str = ""

    @property
    def passed(self) -> bool:
        """The test arrived, and so did its end."""
        return self.state is DrillState.ARRIVED and not self.end_error


@dataclass(frozen=True, slots=True)
class Drill:
    """`number`: below 0, which no incident's is. `pings`: it went out as an urgent incident would."""

    number: int
    actor: Actor
    at: Moment
    lines: tuple[DrillLine, ...]
    pings: bool = False
    over: bool = False

    @property
    def passed(self) -> bool:
        """Whether the test arrived wherever it was sent, and was sent anywhere."""
        sent = [line for line in self.lines if line.state is not DrillState.OFF]
        return bool(sent) and all(line.passed for line in sent)
