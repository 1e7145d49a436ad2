"""The times of a cron expression on the machine's wall clock: each comes once, whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cronsim import CronSim


class Times:
    """Tells when a time of the expression has come.

    Local wall time: an hour that is skipped in spring is made up for right after it, one that comes twice in
    autumn counts once. A clock that is set forward makes one time come, not all that were passed over; one
    that is set back repeats none.
    """

    def __init__(self, expression: str, wall: float) -> None:
        self._expression = expression
        self._last = wall
        self._next = self._after(wall)

    def come(self, wall: float) -> bool:
        """Whether a time has come since this was asked last. `wall`: seconds since 1970 UTC."""
        if self._next is None:
            return False
        if wall < self._last - _SET_BACK:  # what comes next is as far away as it was before the clock moved
            self._next = self._after(wall)
        self._last = wall
        if self._next is None or _seconds(self._next) > wall:
            return False
        self._next = self._after(max(wall, _seconds(self._next)))
        return True

    def wait(self, wall: float) -> float | None:
        """Seconds until the next time; None when there is none any more."""
        return None if self._next is None else max(0.0, _seconds(self._next) - wall)

    def _after(self, wall: float) -> datetime | None:
        # naive local times: their sequence has neither the gap nor the repetition of a clock change
        times: Iterator[datetime] = CronSim(self._expression, datetime.fromtimestamp(wall))  # noqa: DTZ006
        return next(times, None)


_SET_BACK = 2 * 3600.0
"""Seconds by which a clock must have been set back for its times to be computed anew: less is a correction,
or the end of summer time as some machines do it."""


def _seconds(local: datetime) -> float:
    return local.timestamp()
