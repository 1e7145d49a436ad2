"""Spans of time as people type them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

from opsbot.domain.metrics import Window
from opsbot.domain.typed_time import ago_of, dated, span_of
from opsbot.draw.ticks import local
from opsbot.errors import UsageError
from opsbot.text import one_line, seconds_text

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
MIN_WINDOW, MAX_WINDOW = 60.0, 366 * 86_400.0
_SHOWN = 30


def seconds_of(
    text: str, option: str = "window", least: float = MIN_WINDOW, most: float = MAX_WINDOW
) -> float:
    """ "15m", "1h", "24h", "7d" in seconds.

    Raises:
        UsageError: it is none of these, shorter than `least` or longer than `most`.
    """
    seconds = span_of(text) or 0.0
    if not least <= seconds <= most:
        bounds = f"from {seconds_text(least)} to {seconds_text(most)}"
        raise UsageError(
            f"`{option}` is a time {bounds}, such as 15m, 1h or 24h; not “{one_line(text, 20)}”."
        )
    return seconds


def from_to(
    seconds: float, start: str | None, end: str | None, now: float, zone: tzinfo | None = None
) -> Window:
    """The window of two times, each of which may be left out: `seconds` before the end, or until now.

    `now`: seconds since 1970 UTC. `zone`: of the times; None: the machine's.

    Raises:
        UsageError: one is no time, or the end is not after the start.
    """
    if start is None and end is None:
        return Window(seconds)
    until = now if end is None else moment(end, now, zone, "to")
    since = until - seconds if start is None else moment(start, now, zone, "from")
    if since >= until:
        raise UsageError("`from` must be before `to`, and before now.")
    return Window(until - since, until)


def moment(text: str, now: float, zone: tzinfo | None, option: str) -> float:
    """ "14:30" (the last time it was so late), "2026-01-05 14:30", "2026-01-05", "3h ago", "now", in seconds
    since 1970 UTC.

    Raises:
        UsageError: it is none of these.
    """
    said = text.strip()
    if said.casefold() == "now":
        return now
    span = ago_of(said)
    at = _clock(said, now, zone) or dated(said, zone) if span is None else now - span
    if at is None:
        raise UsageError(
            f"`{option}` is a time such as 14:30, 2026-01-05 14:30 or 3h ago; not “{one_line(text, _SHOWN)}”."
        )
    return at


def _clock(said: str, now: float, zone: tzinfo | None) -> float | None:
    found = _CLOCK.fullmatch(said)
    if found is None:
        return None
    today = local(now, zone)
    at = datetime.combine(today.date(), time(int(found[1]), int(found[2])), zone)
    if at.timestamp() > now:
        at -= timedelta(days=1)
    return at.timestamp()
