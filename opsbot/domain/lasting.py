"""How long an incident was open: the one rule for it. What came back was not open in between, so that time
counts nowhere; the wall clock helps out over a reboot."""

from __future__ import annotations

from opsbot.domain.incident import Incident, Opening
from opsbot.domain.moment import Moment


def between(start: Moment, end: Moment) -> float:
    """Seconds from one moment to a later one."""
    seconds = end.mono - start.mono if end.mono >= start.mono else end.wall - start.wall
    return max(0.0, seconds)


def open_for(opening: Opening) -> float | None:
    """Seconds that it was open once; None while it is."""
    return None if opening.ended is None else between(opening.began, opening.ended)


def in_all(incident: Incident) -> float | None:
    """Seconds that it was open, each time that it was; None while it lasts."""
    spans = [open_for(opening) for opening in incident.openings]
    return None if None in spans else sum(seconds for seconds in spans if seconds is not None)


def before(incident: Incident) -> float:
    """Seconds that it was open before it came back last."""
    return sum(open_for(opening) or 0.0 for opening in incident.past)


def told_after(opening: Opening) -> float | None:
    """Seconds until a message about it reached people; None where none is known to have."""
    return None if opening.told is None else between(opening.began, opening.told)


def spans(incident: Incident, until: float) -> list[tuple[float, float]]:
    """From when to when it was open, in seconds since 1970 UTC; one that lasts, `until` then."""
    ends = [(opening.began.wall, opening.ended) for opening in incident.openings]
    return [(start, until if end is None else end.wall) for start, end in ends]
