"""Where a time axis is labelled, and how: local times, few of them, at moments that people name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from opsbot.domain.chart import Tick
from opsbot.text import seconds_text

MOST = 6
"""Labels: what a phone shows side by side."""

MINUTE, HOUR, DAY = 60, 3600, 86_400

SHIFT = 3 * HOUR
"""Seconds: more than any zone has changed its clock by within a day."""

_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 20, 30)),
    *(HOUR * n for n in (1, 2, 3, 4, 6, 12)),
    *(DAY * n for n in (1, 2, 5, 7, 14, 30, 60, 90)),
)


def local(wall: float, zone: tzinfo | None = None) -> datetime:
    """A moment in a zone; None: the machine's, by the rules of that day."""
    return datetime.fromtimestamp(wall, UTC).astimezone(zone)


def ticks(since: float, until: float, zone: tzinfo | None = None) -> tuple[Tick, ...]:
    """At most `MOST` moments of a window; a day begins with its date."""
    step = next((s for s in _STEPS if (until - since) / s <= MOST), _STEPS[-1])
    walls = list(_moments(since, until, step, zone))[: MOST + 1]
    return tuple(Tick(wall, _label(local(wall, zone), step)) for wall in walls)


def zone_text(wall: float, zone: tzinfo | None = None) -> str:
    """ "UTC", "CET (UTC+1)"."""
    at = local(wall, zone)
    name, offset = at.tzname() or "", at.utcoffset() or timedelta()
    hours = offset / timedelta(hours=1)
    shift = "UTC" if not hours else f"UTC{hours:+g}" if hours == int(hours) else f"UTC{at:%z}"
    return shift if name in ("", shift) or name[:1] in "+-" else f"{name} ({shift})"


def window_text(since: float, until: float, now: float, zone: tzinfo | None = None) -> str:
    """ "last 6 h", or for a window that is over "Jan 5 14:00 – 16:00"."""
    if until >= now - 1:
        return f"last {seconds_text(until - since)}"
    begin, end = local(since, zone), local(until, zone)
    first = f"{begin:%b} {begin.day} {begin:%H:%M}"
    last = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%b} {end.day} {end:%H:%M}"
    return f"{first} – {last}"


def _moments(since: float, until: float, step: int, zone: tzinfo | None) -> Iterator[float]:
    """Steps of the local clock: an hour that a change of it skips is passed over, a repeated one is one."""
    midnight = local(since, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    naive = midnight.replace(tzinfo=None)
    last = float("-inf")
    begin = max(0, int((since - midnight.timestamp() - SHIFT) / step))
    for number in range(begin, begin + int((until - since + 2 * SHIFT) / step) + 2):
        wall = _wall(naive + timedelta(seconds=step * number), zone)
        if wall > until:
            return
        if wall >= since and wall > last:
            last = wall
            yield wall


def _wall(naive: datetime, zone: tzinfo | None) -> float:
    return naive.replace(tzinfo=zone).timestamp()  # without a zone: the machine's local time


def _label(at: datetime, step: int) -> str:
    if step >= DAY or (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{at:%b} {at.day}"
    return f"{at:%H:%M:%S}" if step < MINUTE else f"{at:%H:%M}"
