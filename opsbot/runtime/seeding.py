"""Values of the past for the rules' windows, also where only rollups of them are left."""

from __future__ import annotations

from opsbot.domain.series import Bucket, is_counter
from opsbot.stores.base import MetricsStore, Point

MOST = 20_000
"""Spans that are asked for: more minutes than the longest window has."""


async def past_values(
    store: MetricsStore, target: str, metric: str, span: tuple[float, float], raw: float
) -> list[Point]:
    """A metric's values in a time range (seconds since 1970 UTC), oldest first. `raw`: seconds for which
    every value is kept; before that each span stands for as many values as it had, with the same least,
    greatest and mean, so that a window weighs them as it did when they were seen. What a counter gained
    between the last span and the first value is not told: one look's increase in a window of days.

    Raises:
        StoreUnavailable: it cannot be read now.
    """
    since, until = span
    values = await store.series(target, metric, since, until)
    if until - since <= raw:
        return values
    edge = values[0].wall if values else until
    older = await store.buckets(target, metric, since, edge - 0.001, MOST)
    found: list[Point] = []
    gained = sum(bucket.total for bucket in older.buckets)
    level = (values[0].value if values else gained) - gained
    for bucket in older.buckets:
        numbers = _unrolled(bucket)
        if is_counter(metric):
            numbers = [level + bucket.total * (n + 1) / bucket.count for n in range(bucket.count)]
            level = numbers[-1]
        gap = older.step / bucket.count
        found += [Point(bucket.wall + gap * n, number) for n, number in enumerate(numbers)]
    return [point for point in found if point.wall >= since] + values


def _unrolled(bucket: Bucket) -> list[float]:
    if bucket.count == 1:
        return [bucket.mean]
    rest = bucket.count - 2
    return [
        bucket.low,
        bucket.high,
        *([(bucket.total - bucket.low - bucket.high) / rest] * rest if rest else []),
    ]
