"""Which refusals are recorded: each attempt is told to whoever made it, but an outsider who presses a button
a thousand times must not fill the audit, which is never pruned, nor the log."""

from __future__ import annotations

from collections import OrderedDict

from opsbot.clock import Clock

SAME_AGAIN = 600.0
"""Seconds in which the same attempt of the same person is recorded once."""

HOUR = 3600.0

IN_AN_HOUR = 100
"""Refusals recorded in an hour, of all people together; what comes above is counted."""

REMEMBERED = 1000
"""Attempts that are known as recorded; the oldest are forgotten first."""


class Refusals:
    """Counts what is not recorded; the next that is says how many those were."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._recorded: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._hour_began = float("-inf")
        self._in_this_hour = 0
        self._swallowed = 0

    def note(self, person: str, verb: str) -> str | None:
        """What is to be added to the record of an attempt, "" mostly; None: it is not to be recorded.

        `person`: a user id. The first attempt of a person is always recorded, so nobody can hide behind the
        noise of another.
        """
        now = self._clock.now().mono
        self._forget(now)
        if (person, verb) in self._recorded or not self._room(person, now):
            self._swallowed += 1
            return None
        self._recorded[person, verb] = now
        self._in_this_hour += 1
        more, self._swallowed = self._swallowed, 0
        return f"; {more} more refusals before this one were only counted" if more else ""

    def _forget(self, now: float) -> None:
        while self._recorded:
            oldest = next(iter(self._recorded.values()))
            if now - oldest < SAME_AGAIN and len(self._recorded) < REMEMBERED:
                return
            self._recorded.popitem(last=False)

    def _room(self, person: str, now: float) -> bool:
        if now - self._hour_began >= HOUR:
            self._hour_began, self._in_this_hour = now, 0
        return self._in_this_hour < IN_AN_HOUR or all(known != person for known, _ in self._recorded)
