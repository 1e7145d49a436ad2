"""Spans of time as people type them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

from opsbot.domain.metrics import Window
from opsbot.draw.ticks import local
from opsbot.errors import UsageError
from opsbot.text import one_line, seconds_text

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})", re.ASCII)
_AGO = re.compile(r"([0-9]{1,5})\s*(s|m|min|h|d)(\s+ago)?", re.ASCII | re.IGNORECASE)
MIN_WINDOW, MAX_WINDOW = 60.0, 366 * 86_400.0
_SPAN = re.compile(r"\s*([0-9]{1,5})\s*(s|m|min|h|d)\s*", re.ASCII | re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_SHOWN = 30


def seconds_of(
    text: str, option: str = "window", least: float = MIN_WINDOW, most: float = MAX_WINDOW
) -> float:
    """ "15m", "1h", "24h", "7d" in seconds.

    Raises:
        UsageError: it is none of these, shorter than `least` or longer than `most`.
    """
    match = _SPAN.fullmatch(text)
    seconds = float(match[1]) * _SECONDS[match[2].lower()] if match else 0.0
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
    if found := _AGO.fullmatch(said):
        return now - float(found[1]) * _SECONDS[found[2].casefold()]
    try:
        return _clock(said, now, zone) or _dated(said, zone)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"`{option}` is a time such as 14:30, 2026-01-05 14:30 or 3h ago; not “{one_line(text, _SHOWN)}”."
        ) from None


def _clock(said: str, now: float, zone: tzinfo | None) -> float | None:
    found = _CLOCK.fullmatch(said)
    if found is None:
        return None
    today = local(now, zone)
    at = datetime.combine(today.date(), time(int(found[1]), int(found[2])), zone)
    if at.timestamp() > now:
        at -= timedelta(days=1)
    return at.timestamp()


def _dated(said: str, zone: tzinfo | None) -> float:
    for form in _FORMS:
        try:
            at = datetime.strptime(said, form)  # noqa: DTZ007 - its zone is given below
        except ValueError:
            continue
        return at.replace(tzinfo=zone).timestamp()
    raise ValueError(said)
