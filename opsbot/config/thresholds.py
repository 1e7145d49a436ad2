"""Thresholds, checked: built-in limits, with what the file says instead."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsbot.config.conditions.units import UNITS, Unit
from opsbot.config.models.thresholds import ThresholdSection
from opsbot.config.parts import Sections

LEVELS = ("warning", "critical")
"""The two limits of a threshold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A threshold, checked. Limits in `unit`; `hold` and `window` in seconds; `falling`: lower is worse."""

    unit: Unit
    warning: float
    critical: float
    hold: float = 0.0
    samples: int = 1
    window: float = 0.0
    falling: bool = False
    warning_recovery: float | None = None
    critical_recovery: float | None = None

    def level(self, name: str) -> tuple[float, float | None]:
        """The limit and the recovery of `warning` or `critical`."""
        if name == "warning":
            return float(self.warning), self.warning_recovery
        return float(self.critical), self.critical_recovery

    def with_warning(self, warning: float) -> Limits:
        """The same with another warning; what is critical comes along when it would come first."""
        critical = min(self.critical, warning) if self.falling else max(self.critical, warning)
        return replace(self, warning=warning, critical=critical)

    def disorder(self) -> str:
        """Why its limits cannot work as a warning before what is critical, or nothing."""
        first, second = (self.critical, self.warning) if self.falling else (self.warning, self.critical)
        if first > second:
            word = "below" if self.falling else "above"
            return f"`critical` ({self.critical:g}) must be {word} `warning` ({self.warning:g})."
        for name in LEVELS:
            limit, recovery = self.level(name)
            if recovery is not None and (recovery < limit if self.falling else recovery > limit):
                side = "above" if self.falling else "below"
                return f"`{name}_recovery` ({recovery:g}) must be {side} `{name}` ({limit:g})."
        return ""


HOUR = 3600.0
DAY = 86400.0

BUILT_IN = {
    "cpu_usage": Limits(UNITS["%"], 70, 85, hold=300.0),
    "memory_usage": Limits(UNITS["%"], 75, 90, hold=300.0),
    "response_time": Limits(UNITS["ms"], 2000, 5000, samples=5),
    "error_rate": Limits(UNITS["/min"], 5, 20, window=300),
    "log_size": Limits(UNITS["MB"], 100, 500),
    "rss": Limits(UNITS["MB"], 500, 1024, hold=300.0),
    "threads": Limits(UNITS[""], 50, 100, hold=300.0),
    "errors_per_hour": Limits(UNITS["/h"], 5, 20, window=HOUR),
    "api_errors_per_hour": Limits(UNITS["/h"], 10, 50, window=HOUR),
    "gateway_disconnects_per_day": Limits(UNITS["/d"], 1, 5, window=DAY),
    "success_rate": Limits(UNITS["%"], 95, 90, window=HOUR, falling=True),
    "summarize_time": Limits(UNITS["s"], 10, 30),
    "memory_growth": Limits(UNITS["MB/h"], 20, 100, hold=600.0),
    "log_growth": Limits(UNITS["MB/h"], 50, 200, hold=600.0),
    "disk_free": Limits(UNITS["GB"], 5, 1, falling=True),
}
"""The built-in limits: the file's values in use, then the guide's "Key Metrics to Monitor" (RSS, threads,
errors and API errors per hour, disconnections per day, success rate, summarization); growth and the critical
free space are opsbot's own."""


def disk_limits(file: Sections) -> Limits:
    """Free space; the warning may also stand in `schedules.disk_space.threshold_gb`, as in the alert file."""
    limits = merged("disk_free", file.thresholds.disk_free)
    if file.thresholds.disk_free.warning is not None:
        return limits
    return limits.with_warning(file.schedules.disk_space.threshold_gb)


def merged(name: str, section: ThresholdSection) -> Limits:
    """The built-in threshold of a name with what the file says instead. A limit that the file moves beyond
    the other, unsaid one takes that one along."""
    base = BUILT_IN[name]
    given = {level: value for level in LEVELS if (value := getattr(section, level)) is not None}
    limits = replace(
        base,
        **{"warning": base.warning, "critical": base.critical, **given},
        hold=float(base.hold if section.duration_seconds is None else section.duration_seconds),
        samples=section.samples or base.samples,
        window=base.window if section.window_minutes is None else section.window_minutes * 60,
        warning_recovery=section.warning_recovery,
        critical_recovery=section.critical_recovery,
    )
    if len(given) == 1 and (limits.warning < limits.critical) is base.falling:
        only = next(iter(given.values()))
        return replace(limits, warning=only, critical=only)
    return limits
