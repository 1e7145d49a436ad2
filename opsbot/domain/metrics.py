"""What was measured of a target over a window, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from opsbot.domain.expr import All, AnyOf, Compare, Expr, Not, Op, Reading, Reduce
from opsbot.domain.levels import Severity
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.domain.series import Series, is_counter
from opsbot.domain.silence import Deploy

PID = "process_pid"
"""Which process the others are of: a name, not a quantity."""

UPTIME = "process_uptime_seconds"
"""Falls when the target was started anew, whoever did it."""

USUAL = ("cpu_percent", "rss_bytes", "health_response_seconds", "log_errors_total")
"""What is shown when nothing is asked for by name, where a target has it."""

_STATE_ENDS = ("_up", "_listening", "_connected")
_CODE_ENDS = ("_status",)


class MetricKind(StrEnum):
    """What may be said about a metric's values."""

    GAUGE = "gauge"  # has an average
    COUNTER = "counter"  # only rises: has an increase and a rate
    STATE = "state"  # 1 or 0: has a share of the time
    CODE = "code"  # a number that stands for something: has values, no average
    NAME = "name"  # not for people to look at


def kind_of(metric: str) -> MetricKind:
    """By its name alone (see `docs/checks.md`: the names end in what they are)."""
    if metric == PID:
        return MetricKind.NAME
    if is_counter(metric):
        return MetricKind.COUNTER
    if metric.endswith(_STATE_ENDS):
        return MetricKind.STATE
    return MetricKind.CODE if metric.endswith(_CODE_ENDS) else MetricKind.GAUGE


@dataclass(frozen=True, slots=True)
class Window:
    """`seconds` of the past, up to `until` (seconds since 1970 UTC; None: now, whenever that is)."""

    seconds: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric over a window. `points`: the newest last, evenly spaced, None where nothing is known.

    Of a counter all of these are rates per second, and `total` is what was counted in the window. Of a state
    `mean` is the share of the looks in which it was 1. Of a code `mean` means nothing.
    """

    name: str
    current: float | None
    mean: float
    minimum: float
    maximum: float
    points: tuple[float | None, ...]
    total: float = 0.0

    @property
    def kind(self) -> MetricKind:
        """What may be said about it."""
        return kind_of(self.name)


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a rule begins to complain: a metric's value, of a counter its rate per second."""

    metric: str
    value: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class Span:
    """A time that an incident was open (seconds since 1970 UTC). `end`: None while it lasts."""

    number: int
    start: float
    end: float | None
    severity: Severity


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """Metrics of a target from `since` to `until` (seconds since 1970 UTC).

    `metrics`, `series`: those that were asked for, in that order, as far as there are values. `names`: all
    that the target has. `restarts`: when it was started anew; `deploys`: new versions, as far as they are
    remembered.
    """

    target: str
    title: str
    at: Moment
    since: float
    until: float
    metrics: tuple[MetricSummary, ...] = ()
    series: tuple[Series, ...] = ()
    names: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    incidents: tuple[Span, ...] = ()
    restarts: tuple[float, ...] = ()
    deploys: tuple[Deploy, ...] = ()


def spacing(series: Series) -> float:
    """Seconds that a bucket stands for: of raw values, what usually lies between two; 60 for a single one."""
    if series.step:
        return series.step
    gaps = [after.wall - before.wall for before, after in pairwise(series.buckets)]
    return (median(gaps) or 1.0) if gaps else 60.0


def limits_of(rules: Iterable[Rule]) -> tuple[Limit, ...]:
    """The limits of rules that compare one metric with a number; of a metric and a severity the first."""
    found: dict[tuple[str, Severity], Limit] = {}
    for rule in rules:
        for compare in _compares(rule.condition):
            reading = compare.left
            if not isinstance(reading, Reading) or not reading.scale or reading.reduce is Reduce.SLOPE:
                continue
            value = compare.limit / reading.scale
            if reading.reduce is Reduce.INCREASE:
                if not reading.window:
                    continue
                value /= reading.window
            if kind_of(reading.metric) in (MetricKind.GAUGE, MetricKind.COUNTER):
                limit = Limit(reading.metric, value, rule.severity)
                found.setdefault((reading.metric, rule.severity), limit)
    return tuple(found.values())


def _compares(expr: Expr) -> Iterator[Compare]:
    match expr:
        case Compare(op=op) if op not in (Op.EQ, Op.NE):
            yield expr
        case Not(term=term):
            yield from _compares(term)
        case All(terms=terms) | AnyOf(terms=terms):
            for term in terms:
                yield from _compares(term)
        case _:
            pass
