"""A moment in time: for measuring and for showing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant, on two clocks.

    `mono`: seconds of CLOCK_BOOTTIME; durations and deadlines are computed from it alone, so that a
    step of the wall clock changes nothing. `wall`: seconds since 1970 UTC; for people and files.
    """

    mono: float
    wall: float

    def since(self, earlier: Moment) -> float:
        """Seconds from `earlier` to this moment, never negative."""
        return max(0.0, self.mono - earlier.mono)

    def after(self, seconds: float) -> Moment:
        """The moment `seconds` later."""
        return Moment(self.mono + seconds, self.wall + seconds)
