"""Times and spans as people type them."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_SPAN = re.compile(r"\s*([0-9]{1,5})\s*(s|m|min|h|d)\s*", re.ASCII | re.IGNORECASE)
_AGO = re.compile(r"(.*\S)\s+ago\s*", re.DOTALL | re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


def span_of(text: str) -> float | None:
    """ "45s", "15m", "1h", "7d" in seconds; None for anything else."""
    found = _SPAN.fullmatch(text)
    return float(found[1]) * _SECONDS[found[2].lower()] if found else None


def seconds_of(value: object) -> object:
    """A span as a file has it, `45m`, in seconds; whatever is no text is left as it is.

    Raises:
        ValueError: it is a text, but no span; or a switch.
    """
    if isinstance(value, bool):
        raise ValueError("must be a time such as `45m` or `2h`, or a number of seconds, not true or false")
    if not isinstance(value, str):
        return value
    span = span_of(value)
    if span is None:
        raise ValueError("must be a time such as `90s`, `45m`, `2h` or `1d`, or a number of seconds")
    return span


def ago_of(text: str) -> float | None:
    """The same, with or without "ago" behind it."""
    found = _AGO.fullmatch(text)
    return span_of(found[1] if found else text)


def dated(text: str, zone: tzinfo | None = None) -> float | None:
    """ "2026-01-05", "2026-01-05 14:30", "2026-01-05T14:30:00" in seconds since 1970 UTC; None for anything
    else. `zone`: of the time; None: the machine's."""
    for form in _FORMS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=zone).timestamp()
        except (ValueError, OverflowError, OSError):
            continue
    return None
