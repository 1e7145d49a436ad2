"""From when on people want to know."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from opsbot.domain.typed_time import ago_of, dated
from opsbot.errors import UsageError
from opsbot.text import one_line

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
    span = ago_of(text)
    at = dated(text) if span is None else now - span
    if at is not None:
        return at
    raise UsageError(
        f"`since` is today, a span such as 24h or 7d, a time such as 2026-01-05 14:30, or all; "
        f"not “{one_line(text, _SHOWN)}”."
    )
