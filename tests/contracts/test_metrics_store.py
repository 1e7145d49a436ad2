"""What every `MetricsStore` does, in memory and on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import random

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.domain.series import Keep, Series
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


# -- resolutions


HOUR, DAY = 3600.0, 86_400.0
MIDNIGHT = START // DAY * DAY - START
"""The begin of the first day, as seconds of these samples."""


async def packed(store: MetricsStore, now: float) -> None:
    while await store.pack(START + now):
        pass


async def stored(store: MetricsStore, values: dict[float, float], metric: str = "cpu_percent") -> None:
    at = [(Moment(seconds, START + seconds), value) for seconds, value in values.items()]
    await store.append([Sample("bot", "c", now, Outcome.OK, metrics={metric: value}) for now, value in at])


async def looked(store: MetricsStore, since: float, until: float, most: int, metric: str) -> Series:
    return await store.buckets("bot", metric, START + since, START + until, most)


def shape(series: Series) -> list[tuple[float, float, float, float, float, int]]:
    """Buckets, with times as seconds of these samples."""
    return [(b.wall - START, b.low, b.high, b.mean, b.last, b.count) for b in series.buckets]


async def test_few_values_are_told_as_they_are(store: MetricsStore) -> None:
    await stored(store, {0: 10.0, 1: 30.0, 2.5: 20.0})
    found = await looked(store, 0, 10, 100, "cpu_percent")
    assert (found.target, found.metric, found.step) == ("bot", "cpu_percent", 0.0)
    assert shape(found) == [(t, v, v, v, v, 1) for t, v in ((0, 10.0), (1, 30.0), (2.5, 20.0))]


async def test_many_values_are_joined_to_even_spans_that_people_read_easily(store: MetricsStore) -> None:
    await stored(store, {n: float(n) for n in range(600)})
    found = await looked(store, 0, 600, 20, "cpu_percent")
    assert found.step == 30
    assert shape(found)[1] == (30, 30.0, 59.0, 44.5, 59.0, 30)
    assert len(found.buckets) == 20
    assert sum(bucket.count for bucket in found.buckets) == 600


async def test_a_time_in_which_nothing_was_seen_has_no_bucket(store: MetricsStore) -> None:
    await stored(store, dict.fromkeys((*range(100), *range(500, 600)), 1.0))
    found = await looked(store, 0, 600, 20, "cpu_percent")
    assert [bucket.wall - START for bucket in found.buckets] == [0, 30, 60, 90, 480, 510, 540, 570]
    assert (await looked(store, 200, 400, 20, "cpu_percent")).buckets == ()


@pytest.mark.parametrize("age", ["not packed", "packed", "only minutes", "only hours"])
async def test_a_day_says_the_same_at_every_age(store: MetricsStore, age: str) -> None:
    """Whatever it is kept as: least, greatest, mean, last and number of what was seen in each six hours."""
    values = {MIDNIGHT + 60.0 * n: float(n * 7919 % 1000) for n in range(1440)}
    await stored(store, values)
    now = MIDNIGHT + 40 * DAY
    if age != "not packed":
        await packed(store, now)
    if age.startswith("only"):
        minutes = DAY if age == "only hours" else 50 * DAY
        assert await store.prune(START + now, Keep(DAY, minutes, 365 * DAY)) > 0
    found = await looked(store, MIDNIGHT, MIDNIGHT + DAY - 1, 4, "cpu_percent")
    assert found.step == 6 * HOUR
    assert len(found.buckets) == 4
    for number, bucket in enumerate(found.buckets):
        part = [float(n * 7919 % 1000) for n in range(number * 360, number * 360 + 360)]
        assert (bucket.low, bucket.high, bucket.last, bucket.count) == (min(part), max(part), part[-1], 360)
        assert bucket.mean == pytest.approx(sum(part) / 360)


async def test_the_finest_that_is_kept_of_all_of_a_window_is_told(store: MetricsStore) -> None:
    await stored(store, {MIDNIGHT + 10.0 * n: 1.0 for n in range(8640)})
    now = MIDNIGHT + DAY
    await packed(store, now)
    await store.prune(START + now, Keep(raw=6 * HOUR, minute=12 * HOUR, hour=365 * DAY))
    for hours, step in ((5, 0), (10, 60), (20, 3600)):
        found = await looked(store, now - hours * HOUR, now, 5000, "cpu_percent")
        assert found.step == step
        assert sum(bucket.count for bucket in found.buckets) == hours * 360


async def test_values_of_more_than_their_time_are_gone_and_their_minutes_are_not(store: MetricsStore) -> None:
    await stored(store, {0: 1.0, 1: 3.0})
    await packed(store, 2 * DAY)
    assert await store.prune(START + 2 * DAY, Keep()) == 1
    assert await store.series("bot", "cpu_percent", 0, START * 2) == []
    found = await looked(store, -DAY, DAY, 10_000, "cpu_percent")
    assert (found.step, found.buckets[0].mean, found.buckets[0].count) == (60, 2.0, 2)
    assert await store.prune(START + 2 * DAY, Keep()) == 0


async def test_a_metric_of_which_nothing_is_left_has_no_name_any_more(store: MetricsStore) -> None:
    await stored(store, {0: 1.0}, "gone")
    await stored(store, {0: 1.0, 400 * DAY: 1.0})
    await packed(store, 401 * DAY)
    await store.prune(START + 401 * DAY, Keep())
    assert await store.names("bot") == ["cpu_percent"]


async def test_a_counter_is_told_by_what_it_gained(store: MetricsStore) -> None:
    await stored(store, {n: 100.0 + 2 * n for n in range(61)}, "log_errors_total")
    found = await looked(store, 0, 60, 10, "log_errors_total")
    assert found.step == 10
    assert [bucket.total for bucket in found.buckets] == pytest.approx([18, 20, 20, 20, 20, 20, 2])
    values = await looked(store, 0, 5, 10, "log_errors_total")
    assert [bucket.mean for bucket in values.buckets] == [2.0] * 5


@pytest.mark.parametrize("when", ["never", "at once", "at last"])
async def test_a_counter_that_begins_anew_has_gained_what_it_shows(store: MetricsStore, when: str) -> None:
    """A restarted target, a new log: over the end of an hour, and however much of it was packed before."""
    end = (START // HOUR + 1) * HOUR - START
    values = {end - 20: 5.0, end - 10: 9.0, end + 1: 2.0, end + 10: 2.0, end + 20: 0.0, end + 30: 4.0}
    for seconds, value in values.items():
        await stored(store, {seconds: value}, "log_errors_total")
        if when == "at once":
            await packed(store, seconds + 2 * HOUR)
    if when == "at last":
        await packed(store, end + 2 * HOUR)
    found = await looked(store, end - HOUR, end + HOUR, 2, "log_errors_total")
    assert [bucket.total for bucket in found.buckets] == [4.0, 6.0]
    each = await looked(store, end - 15, end + HOUR, 100, "log_errors_total")
    assert [bucket.mean for bucket in each.buckets] == [4.0, 2.0, 0.0, 0.0, 4.0]


async def test_a_clock_that_is_set_back_makes_no_counter_begin_anew(store: MetricsStore) -> None:
    """The newer values stand among older ones then; what was gained between two looks is still that."""
    await stored(store, {n: 1000.0 + n for n in range(100)}, "log_lines_total")
    await stored(store, {n + 0.5: 1100.0 + n for n in range(50)}, "log_lines_total")
    for _ in range(2):
        found = await looked(store, 0, 100, 1000, "log_lines_total")
        assert sum(bucket.total for bucket in found.buckets) == 149
        assert max(bucket.high for bucket in found.buckets) == 1
        await packed(store, 3 * HOUR)


async def test_what_comes_late_stands_in_its_own_time(store: MetricsStore) -> None:
    await stored(store, {0: 10.0, 2: 30.0})
    await packed(store, 3 * HOUR)
    await stored(store, {1: 80.0, 2: 20.0})
    for _ in range(2):
        points = await store.series("bot", "cpu_percent", START, START + 10)
        assert [(point.wall - START, point.value) for point in points] == [(0, 10), (1, 80), (2, 20)]
        day = await looked(store, -HOUR, HOUR, 2, "cpu_percent")
        assert max(bucket.high for bucket in day.buckets) == 80
        await packed(store, 3 * HOUR)


async def test_what_is_dated_in_the_future_is_kept_too(store: MetricsStore) -> None:
    """The clock was wrong for a while."""
    await stored(store, {0: 1.0})
    await stored(store, {400 * DAY: 2.0})
    await stored(store, {1: 3.0})
    await packed(store, 1)
    points = await store.series("bot", "cpu_percent", START, START + 500 * DAY)
    assert [point.value for point in points] == [1.0, 3.0, 2.0]


async def test_a_renamed_target_keeps_its_rollups_beside_those_of_its_new_name(store: MetricsStore) -> None:
    await store.append([sample(0, "bot", threads=2.0), sample(0, "robot", threads=6.0)])
    await packed(store, 2 * DAY)
    await store.rename("robot", "bot")
    await store.append([sample(2 * DAY, "bot", threads=4.0)])
    await store.prune(START + 2 * DAY, Keep())
    found = await looked(store, -DAY, 3 * DAY, 100, "threads")
    assert sum(bucket.count for bucket in found.buckets) >= 2
    assert max(bucket.high for bucket in found.buckets) == 6.0
    assert await store.names("robot") == []


async def test_what_takes_too_much_room_goes_oldest_first_and_the_rest_stays(store: MetricsStore) -> None:
    for hour in range(6):
        await stored(store, {hour * HOUR + n: random() for n in range(3600)})
    await packed(store, 12 * HOUR)
    assert await store.shrink(2**30) is None
    until = await store.shrink(150_000)
    assert until is not None
    assert START < until < START + 6 * HOUR
    points = await store.series("bot", "cpu_percent", START, START + DAY)
    assert points[0].wall >= until
    assert points[-1].wall == START + 6 * HOUR - 1
    whole = await looked(store, 0, 6 * HOUR, 100, "cpu_percent")
    assert sum(bucket.count for bucket in whole.buckets) == 6 * 3600
