"""Maintenance windows of the configuration: when they begin, and when they are over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from opsbot.domain.moment import Moment

JOINED = 64
"""Occurrences of one window that are taken as one when each begins before the one before it is over: as
many as a clock change can bring together, by far."""


class Occurrences(Protocol):
    """When something comes again and again. Times are seconds since 1970 UTC."""

    def after(self, wall: float) -> float | None:
        """The first time that is later than `wall`; None when there is none any more."""


@dataclass(frozen=True, slots=True)
class Once:
    """From `begins` until `ends`, seconds since 1970 UTC."""

    begins: float
    ends: float

    def end_over(self, wall: float) -> float | None:
        """When it is over, if it goes on at `wall`."""
        return self.ends if self.begins <= wall < self.ends else None

    def begin_after(self, wall: float) -> float | None:
        """When it begins, if it is still to come."""
        return self.begins if wall < self.begins < self.ends else None


@dataclass(frozen=True, slots=True)
class Repeated:
    """At each time of `begins`, for `lasts` seconds (which a clock change neither lengthens nor shortens)."""

    begins: Occurrences
    lasts: float

    def end_over(self, wall: float) -> float | None:
        """When it is over, if it goes on at `wall`: whatever begins before that is part of it."""
        end, begin = None, self.begins.after(wall - self.lasts)
        for _ in range(JOINED):
            if begin is None or begin > (wall if end is None else end):
                return end
            end = begin + self.lasts
            begin = self.begins.after(begin)
        return end

    def begin_after(self, wall: float) -> float | None:
        """When it begins next."""
        return self.begins.after(wall)


@dataclass(frozen=True, slots=True)
class Window:
    """Time in which a target is worked on: nobody is told of it, and nothing is done by itself.

    `targets`: names, `*` stands for anything; none: all. `times`: when it is, in words.
    """

    name: str
    when: Once | Repeated
    targets: tuple[str, ...] = ()
    reason: str = ""
    times: str = ""

    def covering(self, now: Moment) -> Moment | None:
        """When what goes on now is over; None when nothing does."""
        return _at(self.when.end_over(now.wall), now)

    def next_change(self, now: Moment) -> Moment | None:
        """When it next begins or is over, later than `now`; None when it never does any more."""
        end = self.when.end_over(now.wall)
        return _at(self.when.begin_after(now.wall) if end is None else end, now)

    def planned(self, now: Moment) -> Planned:
        """When it goes on and begins next, seen from `now`."""
        ends = self.covering(now)
        return Planned(self, ends, _at(self.when.begin_after(now.wall), now) if ends is None else None)


@dataclass(frozen=True, slots=True)
class Planned:
    """A window as it stands: `ends`, while it goes on; else `begins`, when it does next. Neither: it is over
    for good."""

    window: Window
    ends: Moment | None = None
    begins: Moment | None = None


def _at(wall: float | None, now: Moment) -> Moment | None:
    return None if wall is None else now.after(wall - now.wall)
