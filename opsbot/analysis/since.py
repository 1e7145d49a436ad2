"""From when on people want to know."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from opsbot.errors import UsageError
from opsbot.text import one_line

_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_SPAN = re.compile(r"([0-9]{1,5})\s*(s|m|min|h|d)(?:\s+ago)?", re.ASCII | re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_SHOWN = 30
USUAL = ("today", "1h", "24h", "7d", "all")


def since_of(text: str, now: float) -> float | None:
    """ "today", "24h", "7d", "2026-01-05", "2026-01-05 14:30" in seconds since 1970 UTC; None for "all". Days
    and times are this machine's, as logs are written.

    Raises:
        UsageError: it is none of these.
    """
    said = text.strip().casefold()
    if said == "all":
        return None
    today = datetime.combine(datetime.fromtimestamp(now).date(), time())  # noqa: DTZ006 - local
    if said in ("today", "yesterday"):
        return (today - timedelta(days=said == "yesterday")).timestamp()
    if found := _SPAN.fullmatch(said):
        return now - float(found[1]) * _SECONDS[found[2]]
    for form in _FORMS:
        try:
            return datetime.strptime(text.strip(), form).timestamp()  # noqa: DTZ007 - local
        except (ValueError, OverflowError, OSError):
            continue
    raise UsageError(
        f"`since` is today, a span such as 24h or 7d, a time such as 2026-01-05 14:30, or all; "
        f"not “{one_line(text, _SHOWN)}”."
    )
