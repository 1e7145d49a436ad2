"""By when each of the runtime's loops comes round again, as it says itself: whoever asks whether opsbot works
sees which one does not. A loop that waits for an event alone is never late."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

PATIENCE = 30.0
"""Seconds that a loop may be late: a slow disk is no standstill."""


class Pulse:
    """`next` is said at every round, in seconds of `Moment.mono`."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def next(self, loop: str, at: float = inf) -> None:
        """A loop goes round now, and again by then; without `at` whenever there is something to do."""
        self._due[loop] = at

    def late(self, now: float) -> Mapping[str, float]:
        """The loops that should have come round and did not, each with the seconds since."""
        return {loop: now - due for loop, due in self._due.items() if now - due > PATIENCE}
