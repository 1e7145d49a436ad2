"""The past of one metric, as spans of time."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60
HOUR = 3_600
DAY = 86_400.0

COUNTER_END = "_total"
"""What the name of every counter ends in, and of no other metric (see `Observation.metrics`)."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a metric was in one span of time.

    `wall`: the span's start, seconds since 1970 UTC. `low`, `high`, `mean`, `last`: of its `count` values, at
    least one. The values of a counter are its increases from one sample to the next, so that `total` is what
    was counted in the span and `total / step` the rate.
    """

    wall: float
    low: float
    high: float
    mean: float
    last: float
    count: int

    @property
    def total(self) -> float:
        """The sum of the values: of a counter, its increase within the span."""
        return self.mean * self.count


@dataclass(frozen=True, slots=True)
class Series:
    """A metric of a target over a window, oldest first.

    `step`: seconds that each bucket spans, beginning at a multiple of it since 1970 UTC; 0: each bucket is
    one raw value at its own moment. A span in which nothing is known has no bucket.
    """

    target: str
    metric: str
    step: float
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """How long a history is kept, in seconds: every value, spans of a minute, spans of an hour. `most_bytes`:
    what it may take on disk; raw values go before their time when it would take more."""

    raw: float = DAY
    minute: float = 30 * DAY
    hour: float = 365 * DAY
    most_bytes: int = 2_048 * 1_048_576


def is_counter(metric: str) -> bool:
    """Whether a metric only rises, but for resets; by its name alone."""
    return metric.endswith(COUNTER_END)


def increase(before: float, after: float) -> float:
    """What a counter has counted between two looks. One that is smaller than before began anew (a restart, a
    new log), and has counted since what it shows; so an increase is never negative."""
    return after - before if after >= before else max(0.0, after)
