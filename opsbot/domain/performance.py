"""The guide's performance monitor: one line of numbers at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from opsbot.domain.metrics import PID
from opsbot.domain.series import increase

SUCCESSES, ERRORS = "_successes_total", "_errors_total"
LOG_ERRORS, LOG_WARNINGS = "log_errors_total", "log_warnings_total"


@dataclass(frozen=True, slots=True)
class Performance:
    """One look at a target's process and log (monitoring guide, "Metrics Collected").

    `wall`: seconds since 1970 UTC; sizes in bytes; None: not known. The last three are counts that only rise
    but for resets. Without a `pid` the process did not run, and there is nothing to measure.
    """

    wall: float
    pid: int | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None
    rss_bytes: float | None = None
    vms_bytes: float | None = None
    threads: float | None = None
    open_fds: float | None = None
    api_requests: float | None = None
    errors: float | None = None
    warnings: float | None = None

    @property
    def measured(self) -> bool:
        """Whether the process ran and was looked at before, so that its use of the processor is known."""
        return self.pid is not None and self.cpu_percent is not None


MONITORED = ("process", "log", "upstream")
"""Kinds of the checks that give these numbers."""

COUNTS = ("api_requests", "errors", "warnings")
NEEDED = ("cpu_percent", "memory_percent", "rss_bytes", "vms_bytes", "threads", "open_fds")


def api_counters(names: Iterable[str]) -> list[str]:
    """The counters of calls to services upstream: those that come in pairs, successes and errors."""
    known = set(names)
    stems = sorted(name.removesuffix(SUCCESSES) for name in known if name.endswith(SUCCESSES))
    return [stem + end for stem in stems for end in (SUCCESSES, ERRORS) if stem + end in known]


def performance_of(wall: float, metrics: dict[str, float]) -> Performance:
    """One look, of all metrics of a target."""
    calls = [metrics[name] for name in api_counters(metrics)]
    pid = metrics.get(PID)
    return Performance(
        wall,
        None if pid is None else int(pid),
        **{name: metrics.get(name) for name in NEEDED},
        api_requests=sum(calls) if calls else None,
        errors=metrics.get(LOG_ERRORS),
        warnings=metrics.get(LOG_WARNINGS),
    )


class FromZero:
    """Counts that begin at 0 with the first look and never fall."""

    def __init__(self) -> None:
        self._before: dict[str, float] = {}
        self._so_far: dict[str, float] = {}

    def take(self, look: Performance) -> Performance:
        """The next look, its counts since the first one."""
        for name in COUNTS:
            value: float | None = getattr(look, name)
            if value is not None:
                more = increase(self._before[name], value) if name in self._before else 0.0
                self._so_far[name] = self._so_far.get(name, 0.0) + more
                self._before[name] = value
        requests, errors, warnings = (self._so_far.get(name) for name in COUNTS)
        return replace(look, api_requests=requests, errors=errors, warnings=warnings)


@dataclass(frozen=True, slots=True)
class Statistic:
    """Average, least and greatest of what is known."""

    mean: float
    least: float
    greatest: float


def statistic(values: Iterable[float | None]) -> Statistic | None:
    """None where nothing is known."""
    known = [value for value in values if value is not None]
    return Statistic(sum(known) / len(known), min(known), max(known)) if known else None


def starts(looks: list[Performance]) -> int:
    """How often another process was found than at the look before."""
    pids = [look.pid for look in looks if look.pid is not None]
    return sum(a != b for a, b in pairwise(pids))
