"""The performance monitor's lines, made of the history."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from opsbot.domain.metrics import PID, Window
from opsbot.domain.performance import LOG_ERRORS, LOG_WARNINGS, NEEDED, Performance, api_counters
from opsbot.domain.series import Series
from opsbot.engine.state import Known
from opsbot.runtime.figures import bounds
from opsbot.runtime.history import History

MOST_LINES = 20_000
"""Lines of an export: about 1.3 MB. A longer past is thinned."""


async def past_performances(
    history: History, known: Known, window: Window, now: float
) -> tuple[Performance, ...]:
    """One line for each time at which the process was seen.

    Raises:
        UsageError: no such window.
    """
    since, until = bounds(window, now)
    target = known.target.name
    names = await history.names(target)

    async def read(name: str) -> Series:
        return await history.buckets(target, name, since, until, MOST_LINES)

    gauges = {name: _last(await read(name)) for name in NEEDED}
    pids = _last(await read(PID))
    calls = [_counted(await read(name)) for name in api_counters(names)]
    errors, warnings = _counted(await read(LOG_ERRORS)), _counted(await read(LOG_WARNINGS))
    return tuple(
        Performance(
            wall,
            None if (pid := pids.at(wall)) is None else int(pid),
            **{name: column.at(wall) for name, column in gauges.items()},
            api_requests=sum(c.so_far(wall) for c in calls) if calls else None,
            errors=errors.so_far(wall) if LOG_ERRORS in names else None,
            warnings=warnings.so_far(wall) if LOG_WARNINGS in names else None,
        )
        for wall in gauges["rss_bytes"].walls
    )


class _Column:
    """Values by time."""

    def __init__(self, series: Series, values: list[float]) -> None:
        self.walls = [bucket.wall for bucket in series.buckets]
        self._values = values

    def at(self, wall: float) -> float | None:
        """The value of this very time."""
        place = bisect_right(self.walls, wall) - 1
        return self._values[place] if place >= 0 and self.walls[place] == wall else None

    def so_far(self, wall: float) -> float:
        """The newest value that is not later; 0 before the first."""
        place = bisect_right(self.walls, wall) - 1
        return self._values[place] if place >= 0 else 0.0


def _last(series: Series) -> _Column:
    """What is measured: the mean of each span."""
    values = [b.last if series.metric == PID else b.mean for b in series.buckets]
    return _Column(series, values)


def _counted(series: Series) -> _Column:
    return _Column(series, list(accumulate(bucket.total for bucket in series.buckets)))
