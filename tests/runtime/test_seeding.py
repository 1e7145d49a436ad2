"""Windows that are longer than every value is kept are rebuilt from rollups."""

from __future__ import annotations

from itertools import pairwise

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.domain.series import DAY, HOUR, Keep
from opsbot.runtime.seeding import past_values
from opsbot.testing.metrics import MemoryMetrics

BEGIN = 1_767_571_200.0


async def stored(metric: str) -> MemoryMetrics:
    """Three days of a value every ten minutes, of which one day is kept as it was."""
    store = MemoryMetrics()
    for n in range(3 * 144):
        at = BEGIN + 600.0 * n + 1
        value = float(n) if metric.endswith("_total") else float(n * 7919 % 100)
        await store.append([Sample("bot", "c", Moment(at, at), Outcome.OK, metrics={metric: value})])
    await store.prune(BEGIN + 3 * DAY, Keep(raw=DAY, minute=1.5 * DAY))
    return store


async def test_a_window_of_days_weighs_what_is_rolled_up_as_it_was_seen() -> None:
    store = await stored("threads")
    points = await past_values(store, "bot", "threads", (BEGIN, BEGIN + 3 * DAY), DAY)
    values = [float(n * 7919 % 100) for n in range(3 * 144)]
    assert len(points) == len(values)
    assert [p.wall for p in points] == sorted(p.wall for p in points)
    assert sum(p.value for p in points) == pytest.approx(sum(values))
    assert (min(p.value for p in points), max(p.value for p in points)) == (min(values), max(values))


async def test_a_counter_has_gained_in_a_window_of_days_what_it_gained() -> None:
    store = await stored("log_errors_total")
    points = await past_values(store, "bot", "log_errors_total", (BEGIN, BEGIN + 3 * DAY), DAY)
    assert points[-1].value - points[0].value == pytest.approx(431, abs=2.5)
    assert all(a.value <= b.value + 1e-9 for a, b in pairwise(points))


async def test_a_short_window_is_made_of_the_values_themselves() -> None:
    store = await stored("threads")
    span = (BEGIN + 3 * DAY - 2 * HOUR, BEGIN + 3 * DAY)
    assert await past_values(store, "bot", "threads", span, DAY) == await store.series(
        "bot", "threads", *span
    )
