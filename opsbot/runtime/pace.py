"""How many messages a notifier may be sent."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

BURST_PART = 0.25
"""Part of a minute's messages that may go at once."""


@dataclass(slots=True)
class Pace:
    """A bucket of messages: a quarter of a minute's at once, the others evenly. Never more than
    `per_minute` in any minute, but for the one that a single delivery may cost on top."""

    per_minute: float
    _spent: float = 0.0
    _at: float = -inf

    def free_at(self, now: float) -> float:
        """When the next message may go."""
        if self.per_minute <= 0:
            return now
        over = self._left_over(now) - (self._burst - 1.0)
        return now + max(0.0, over) / self._refill

    def spend(self, now: float, messages: int) -> None:
        """They go now."""
        if self.per_minute > 0:
            self._spent, self._at = self._left_over(now) + messages, now

    @property
    def _burst(self) -> float:
        return max(1.0, self.per_minute * BURST_PART)

    @property
    def _refill(self) -> float:
        return max(self.per_minute - self._burst, self.per_minute * BURST_PART) / 60.0

    def _left_over(self, now: float) -> float:
        """What was spent and is not made up for yet."""
        return max(0.0, self._spent - max(0.0, now - self._at) * self._refill) if self._spent else 0.0
