"""What every `MetricsStore` does, in memory and on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.stores.base import MetricsStore, Point
from opsbot.stores.sqlite_metrics import SqliteMetrics
from opsbot.testing import MemoryMetrics, VirtualClock

START = 1_767_625_440.0


@pytest.fixture(params=["sqlite", "memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MetricsStore]:
    made: MetricsStore = MemoryMetrics()
    if request.param == "sqlite":
        made = SqliteMetrics(tmp_path / "metrics.db", VirtualClock())
    yield made
    await made.close()


def sample(seconds: float, target: str = "bot", **metrics: float) -> Sample:
    return Sample(target, "process", Moment(seconds, START + seconds), Outcome.OK, metrics=metrics)


async def test_a_new_store_knows_nothing(store: MetricsStore) -> None:
    assert await store.names("bot") == []
    assert await store.series("bot", "cpu_percent", 0, START * 2) == []
    assert store.quarantined is None


async def test_values_come_back_in_the_order_of_time(store: MetricsStore) -> None:
    await store.append([sample(2.5, cpu_percent=30.0), sample(0, cpu_percent=10.0)])
    await store.append([sample(1, cpu_percent=20.0)])
    points = await store.series("bot", "cpu_percent", START, START + 10)
    assert points == [Point(START, 10.0), Point(START + 1, 20.0), Point(START + 2.5, 30.0)]


async def test_a_range_holds_both_its_ends_and_nothing_else(store: MetricsStore) -> None:
    await store.append([sample(n, rss_bytes=float(n)) for n in range(10)])
    points = await store.series("bot", "rss_bytes", START + 3, START + 5)
    assert [point.value for point in points] == [3.0, 4.0, 5.0]


async def test_targets_and_metrics_do_not_mix(store: MetricsStore) -> None:
    await store.append([sample(0, cpu_percent=1.0, threads=7.0), sample(0, "other", cpu_percent=2.0)])
    assert await store.names("bot") == ["cpu_percent", "threads"]
    assert await store.names("other") == ["cpu_percent"]
    assert await store.series("other", "cpu_percent", 0, START + 1) == [Point(START, 2.0)]


async def test_of_two_values_at_one_moment_the_later_stays(store: MetricsStore) -> None:
    await store.append([sample(0, threads=1.0), sample(0, threads=2.0)])
    assert await store.series("bot", "threads", START, START) == [Point(START, 2.0)]


async def test_numbers_that_are_none_are_not_kept(store: MetricsStore) -> None:
    await store.append([sample(0, a=float("nan"), b=float("inf"), c=1e300)])
    assert await store.names("bot") == ["c"]


async def test_a_target_with_another_name_keeps_its_history(store: MetricsStore) -> None:
    await store.append([sample(0, "bot", threads=1.0), sample(1, "bot", threads=2.0, cpu_percent=5.0)])
    await store.append([sample(1, "robot", threads=9.0), sample(2, "robot", threads=3.0)])
    await store.rename("bot", "robot")
    assert await store.names("bot") == []
    assert await store.names("robot") == ["cpu_percent", "threads"]
    points = await store.series("robot", "threads", 0, START + 100)
    assert [(point.wall - START, point.value) for point in points] == [(0, 1.0), (1, 2.0), (2, 3.0)]
    await store.rename("nobody", "robot")
    assert await store.names("robot") == ["cpu_percent", "threads"]


async def test_names_are_data_and_never_sql(store: MetricsStore) -> None:
    name = "x'; DROP TABLE samples; --"
    await store.append([sample(0, name, cpu_percent=1.0)])
    assert await store.names(name) == ["cpu_percent"]
