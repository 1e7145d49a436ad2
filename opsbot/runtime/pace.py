"""How many messages a notifier may be sent, and how many of them only alarms may use."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

BURST_PART = 0.25
"""Part of a minute's messages that may go at once."""

OTHERS_PART = 0.5
"""Part of those that edits, ends and files may use; the rest is for alarms. For Discord's 40 a minute that is
five: as many as a channel takes of one kind of request in 5 s, and an end is two of different kinds."""


@dataclass(slots=True)
class _Spent:
    """What was spent and is not made up for yet."""

    messages: float = 0.0
    at: float = -inf

    def left(self, now: float, refill: float) -> float:
        """Of that, what is left now, when so many are made up for in a second."""
        return max(0.0, self.messages - max(0.0, now - self.at) * refill) if self.messages else 0.0

    def add(self, now: float, refill: float, messages: int) -> None:
        """They go now."""
        self.messages, self.at = self.left(now, refill) + messages, now


@dataclass(slots=True)
class Pace:
    """A bucket of messages: a quarter of a minute's at once, the others evenly. An alarm waits for no other
    message than alarms: what is not one leaves half of that quarter to them, and where it took more, as many
    alarms go all the same, for which what is no alarm waits longer.

    Never more than `per_minute` in any minute, but for those that a single delivery may cost on top, and one
    alarm where a quarter of them is less than two.
    """

    per_minute: float
    _all: _Spent = field(default_factory=_Spent)
    _alarms: _Spent = field(default_factory=_Spent)

    def free_at(self, now: float, *, alarm: bool) -> float:
        """When the next message may go."""
        if self.per_minute <= 0:
            return now
        over = self._all.left(now, self._refill)
        others = self._burst * OTHERS_PART
        if not alarm:
            return now + max(0.0, over - max(0.0, others - 1.0)) / self._refill
        alone = self._alarms.left(now, self._refill) - max(0.0, self._burst - others - 1.0)
        return now + max(0.0, min(over - (self._burst - 1.0), alone)) / self._refill

    def spend(self, now: float, messages: int, *, alarm: bool) -> None:
        """They go now."""
        if self.per_minute > 0:
            for spent in (self._all, self._alarms) if alarm else (self._all,):
                spent.add(now, self._refill, messages)

    @property
    def _burst(self) -> float:
        return max(1.0, self.per_minute * BURST_PART)

    @property
    def _refill(self) -> float:
        return max(self.per_minute - self._burst, self.per_minute * BURST_PART) / 60.0
