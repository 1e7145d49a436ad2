"""What was measured, for people: summaries, series, and what else belongs beside them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import structlog

from opsbot.clock import Clock
from opsbot.domain.incident import Incident
from opsbot.domain.metrics import (
    UPTIME,
    USUAL,
    MetricKind,
    MetricsReport,
    MetricSummary,
    Span,
    Window,
    kind_of,
    limits_of,
    spacing,
)
from opsbot.domain.series import Bucket, Series
from opsbot.domain.silence import Deploy
from opsbot.engine.state import Known, State
from opsbot.errors import StoreError, UsageError
from opsbot.runtime.history import History
from opsbot.stores.base import StateStore
from opsbot.text import one_line

POINTS = 30
"""Points of a summary: one per character of a sparkline that a phone shows in one line."""

MOST = 240
"""Buckets of a series: more than a chart on a phone can show."""

MOST_OF_UPTIME = 720

MAX_WINDOW, MIN_WINDOW = 366 * 86_400.0, 10.0
"""Seconds: more of the past than a year is not kept."""

INCIDENTS = 300
"""The newest incidents that are looked through for those of a window."""

NAMED = 8  # metrics that an error names
_NAME = 60

log = structlog.get_logger("opsbot.figures")


@dataclass(frozen=True, slots=True)
class Figures:
    """Answers questions about the past of targets."""

    state: State
    history: History
    store: StateStore
    clock: Clock

    async def report(
        self, known: Known, window: Window, wanted: Sequence[str] = (), *, every: bool = False
    ) -> MetricsReport:
        """`wanted`: metrics by name; none: the usual ones, or `every` one.

        Raises:
            UsageError: no such metric (the nearest are named), or no such window.
        """
        now = self.clock.now()
        since, until = bounds(window, now.wall)
        target, current = known.target.name, newest_of(known)
        names = await self.names(known)
        chosen = _chosen(names, wanted, every=every)
        series = [await self.history.buckets(target, name, since, until, MOST) for name in chosen]
        series = [one for one in series if one.buckets]
        live = window.until is None
        return MetricsReport(
            target,
            known.target.title,
            now,
            since,
            until,
            metrics=tuple(summary(s, current.get(s.metric) if live else None, since, until) for s in series),
            series=tuple(series),
            names=names,
            limits=limits_of(known.target.rules),
            incidents=await self._incidents(target, since, until),
            restarts=await self._restarts(target, names, since, until),
            deploys=self._deploys(target, since, until),
        )

    async def names(self, known: Known) -> tuple[str, ...]:
        """Every metric that a target has or had, in the order in which people look for them."""
        stored = await self.history.names(known.target.name)
        found = dict.fromkeys([*USUAL, *newest_of(known), *stored])
        have = {*newest_of(known), *stored}
        return tuple(name for name in found if name in have and kind_of(name) is not MetricKind.NAME)

    async def _incidents(self, target: str, since: float, until: float) -> tuple[Span, ...]:
        """Those of the window, oldest first. Without the store, those that are in memory."""
        found: dict[int, Incident] = {}
        try:
            found |= {incident.id: incident for incident in await self.store.incidents(INCIDENTS)}
        except StoreError as error:
            log.warning("incidents of the past cannot be read", reason=str(error))
        found |= self.state.incidents
        mine = [found[number] for number in sorted(found) if found[number].target == target]
        times = [span for incident in mine for span in _spans_of(incident)]
        return tuple(s for s in times if s.start < until and (s.end is None or s.end > since))

    def _deploys(self, target: str, since: float, until: float) -> tuple[Deploy, ...]:
        """The last one, if it was in the window: older ones are forgotten."""
        last = self.state.deploys.get(target)
        return (last,) if last is not None and since <= last.at.wall <= until else ()

    async def _restarts(
        self, target: str, names: Iterable[str], since: float, until: float
    ) -> tuple[float, ...]:
        if UPTIME not in names:
            return ()
        uptime = await self.history.buckets(target, UPTIME, since, until, MOST_OF_UPTIME)
        return tuple(wall for wall in starts_of(uptime) if since <= wall <= until)


def bounds(window: Window, now: float) -> tuple[float, float]:
    """Since when and until when, in seconds since 1970 UTC.

    Raises:
        UsageError: it is too short, too long, or has not begun.
    """
    if not MIN_WINDOW <= window.seconds <= MAX_WINDOW:
        raise UsageError("Metrics are shown over 10 seconds to 366 days.")
    until = now if window.until is None else min(window.until, now)
    since = (now if window.until is None else window.until) - window.seconds
    if not 0 <= since < until:
        raise UsageError("This window has not begun yet: nothing is measured in the future.")
    return since, until


def newest_of(known: Known) -> dict[str, float]:
    """Every metric of a target as its checks saw it last."""
    current: dict[str, float] = {}
    for spec in known.target.checks:
        sample = known.view.newest.get(spec.name)
        current.update(sample.metrics if sample else {})
    return current


def _chosen(names: tuple[str, ...], wanted: Sequence[str], *, every: bool) -> tuple[str, ...]:
    for name in wanted:
        if name not in names:
            raise UsageError(_unknown(name, names))
    if every:
        return names
    return tuple(wanted) or tuple(name for name in USUAL if name in names) or names[:1]


def _unknown(name: str, names: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    near = near or [known for known in names if name.casefold() in known][:3]
    head = f"There is no metric “{one_line(name, _NAME)}”: "
    if near:
        return f"{head}did you mean {' or '.join(near)}?"
    if not names:
        return f"{head}nothing was measured yet."
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{head}known are {', '.join(names[:NAMED])}{more}."


def _spans_of(incident: Incident) -> Iterator[Span]:
    """One for each time that it was open."""
    for opening in incident.openings:
        end = None if opening.ended is None else opening.ended.wall
        yield Span(incident.id, opening.began.wall, end, incident.severity)


def starts_of(uptime: Series) -> tuple[float, ...]:
    """When a process was started anew, by an uptime that fell: to the second of raw values, else to the
    span. Several starts within one span are one."""
    found = []
    for before, after in pairwise(uptime.buckets):
        if after.last < before.last or after.low < before.low:
            seen = after.wall + uptime.step
            found.append(min(seen, max(before.wall, seen - after.last)))
    return tuple(found)


def summary(series: Series, current: float | None, since: float, until: float) -> MetricSummary:
    """What a metric was between two times (seconds since 1970 UTC); the series holds at least one bucket."""
    buckets = series.buckets
    if kind_of(series.metric) is MetricKind.COUNTER:
        return _counted(series, since, until)
    count = sum(bucket.count for bucket in buckets)
    mean = sum(bucket.total for bucket in buckets) / count
    low, high = min(b.low for b in buckets), max(b.high for b in buckets)
    points = [
        None if not part else sum(b.mean for b in part) / len(part) for part in _spans(buckets, since, until)
    ]
    mean = min(high, max(low, mean))  # a sum of many floats may miss by a hair
    return MetricSummary(series.metric, current, mean, low, high, tuple(points))


def _counted(series: Series, since: float, until: float) -> MetricSummary:
    """Rates per second. The average is over the time in which it was measured."""
    step, buckets = spacing(series), series.buckets
    rates = [bucket.total / step for bucket in buckets]
    total = sum(bucket.total for bucket in buckets)
    covered = max(step, min(until, buckets[-1].wall + step) - max(since, buckets[0].wall))
    parts = _spans(buckets, since, until)
    width = (until - since) / POINTS
    points = tuple(sum(b.total for b in part) / width if part else None for part in parts)
    return MetricSummary(series.metric, rates[-1], total / covered, min(rates), max(rates), points, total)


def _spans(buckets: Iterable[Bucket], since: float, until: float) -> list[list[Bucket]]:
    """The buckets of each of `POINTS` even spans of a time range."""
    spans: list[list[Bucket]] = [[] for _ in range(POINTS)]
    width = (until - since) / POINTS
    for bucket in buckets:
        spans[min(POINTS - 1, max(0, int((bucket.wall - since) / width)))].append(bucket)
    return spans
