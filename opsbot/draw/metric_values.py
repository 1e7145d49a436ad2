"""In which unit a metric is read: by people, and on an axis."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.metrics import MetricKind, kind_of
from opsbot.text import number_text, percent_text

KB = 1024.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Scale:
    """`value * factor` is in `unit`."""

    factor: float
    unit: str


_BYTES = (Scale(1, "B"), Scale(1 / KB, "KB"), Scale(1 / KB**2, "MB"), Scale(1 / KB**3, "GB"))
_SECONDS = (
    Scale(1e3, "ms"),
    Scale(1, "s"),
    Scale(1 / MINUTE, "min"),
    Scale(1 / HOUR, "h"),
    Scale(1 / DAY, "days"),
)
_RATES = (Scale(DAY, "per day"), Scale(HOUR, "per hour"), Scale(MINUTE, "per minute"), Scale(1, "per second"))
_SHORT = {"per day": "d", "per hour": "h", "per minute": "min", "per second": "s"}


def scale_of(metric: str, greatest: float) -> Scale:
    """The unit in which the greatest value of a metric is a number of few figures: 89 MB, 340 ms, 12 per
    hour. Of a counter the value is its rate per second."""
    match kind_of(metric):
        case MetricKind.COUNTER:
            return next((s for s in _RATES[::-1] if greatest * s.factor >= 1), _RATES[1])
        case MetricKind.STATE:
            return Scale(100, "% of the time")
        case MetricKind.CODE:
            return Scale(1, "")
    if metric.endswith("_bytes"):
        return next((s for s in _BYTES[::-1] if greatest * s.factor >= 1), _BYTES[0])
    if metric.endswith("_seconds"):
        return next((s for s in _SECONDS[::-1] if greatest * s.factor >= 1), _SECONDS[0])
    return Scale(1, "%" if metric.endswith("_percent") else "")


def rate_text(per_second: float) -> str:
    """ "12/h", "3.5/min": the unit in which it is at least 1, "0/h" for none."""
    scale = scale_of("_total", per_second)
    return f"{number_text(per_second * scale.factor)}/{_SHORT[scale.unit]}"


def share_text(share: float) -> str:
    """ "99.98%": of a share near 1 as many figures as tell it from 1."""
    percent = share * 100
    if 99.5 <= percent < 100:
        return f"{min(percent, 99.99):.2f}%"
    return percent_text(percent)
