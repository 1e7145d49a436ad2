"""The history's file as it is packed, rolled up, kept small and brought up to date."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.domain.series import HOUR, Keep, Series
from opsbot.stores import _metrics_pack, _metrics_prune
from opsbot.stores._migrations import migrate, shipped
from opsbot.stores.sqlite_metrics import SqliteMetrics
from opsbot.testing import MemoryMetrics, VirtualClock
from tests.stores.conftest import Spawn, heard

BEGIN = 1_767_571_200.0
"""2026-01-05 00:00 UTC."""

DAY = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.db"


@pytest.fixture
async def metrics(path: Path, clock: VirtualClock) -> AsyncIterator[SqliteMetrics]:
    made = SqliteMetrics(path, clock)
    yield made
    await made.close()


def seen(at: float, target: str = "bot", **values: float) -> Sample:
    return Sample(target, "process", Moment(at, BEGIN + at), Outcome.OK, metrics=values)


async def packed(store: SqliteMetrics | MemoryMetrics, now: float) -> None:
    while await store.pack(BEGIN + now):
        pass


def rows(path: Path, table: str) -> int:
    with sqlite3.connect(path) as db:
        count: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    db.close()
    return count


# -- packing


async def test_an_hour_takes_a_fraction_of_its_room_once_it_is_packed(
    metrics: SqliteMetrics, path: Path
) -> None:
    for minute in range(60):
        await metrics.append([seen(60 * minute + n, rss_bytes=9e7 + 4096 * n) for n in range(60)])
    assert rows(path, "recent") == 60
    await packed(metrics, HOUR + 120)
    assert rows(path, "recent") == 0
    with sqlite3.connect(path) as db:
        (size,) = db.execute("SELECT length(data) FROM raw").fetchone()
    db.close()
    assert size < 3600 * 4


async def test_the_present_hour_and_batches_on_their_way_are_left_alone(
    metrics: SqliteMetrics, path: Path
) -> None:
    await metrics.append([seen(HOUR - 1, threads=1.0), seen(HOUR + 1, threads=2.0)])
    assert not await metrics.pack(BEGIN + HOUR + 10)
    assert await metrics.pack(BEGIN + HOUR + 120)
    assert not await metrics.pack(BEGIN + HOUR + 120)
    assert rows(path, "recent") == 1


async def test_batches_go_through_while_much_is_packed_and_pruned(
    metrics: SqliteMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_metrics_prune, "ROWS", 3)
    for hour in range(30):
        await metrics.append([seen(HOUR * hour, f"bot{n}", threads=1.0) for n in range(5)])

    async def tidy() -> None:
        await packed(metrics, 30 * HOUR)
        await metrics.prune(BEGIN + 40 * DAY, Keep())

    tidying = asyncio.create_task(tidy())
    done = 0
    while not tidying.done():
        await metrics.append([seen(30 * HOUR + done / 100, threads=2.0)])
        done += 1
    await tidying
    assert done > 30
    assert len(await metrics.series("bot", "threads", BEGIN, BEGIN + 50 * DAY)) == done


async def test_an_hour_of_very_many_values_is_packed_in_pieces(
    metrics: SqliteMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_metrics_pack, "_BYTES", 200)
    for n in range(100):
        await metrics.append([seen(n, threads=float(n), log_lines_total=float(2 * n))])
    pieces = 0
    while await metrics.pack(BEGIN + 2 * HOUR):
        pieces += 1
    assert pieces > 5
    points = await metrics.series("bot", "threads", BEGIN, BEGIN + HOUR)
    assert [point.value for point in points] == [float(n) for n in range(100)]
    hour = await metrics.buckets("bot", "log_lines_total", BEGIN, BEGIN + HOUR, 1)
    assert sum(bucket.total for bucket in hour.buckets) == 198


async def test_a_part_that_is_damaged_costs_itself_and_nothing_else(
    metrics: SqliteMetrics, path: Path
) -> None:
    await metrics.append([seen(n, threads=float(n)) for n in range(10)])
    await packed(metrics, 2 * HOUR)
    await metrics.append([seen(n + 0.5, threads=float(n)) for n in range(10)])
    await packed(metrics, 2 * HOUR)
    with sqlite3.connect(path) as db:
        (data,) = db.execute("SELECT data FROM raw").fetchone()
        db.execute("UPDATE raw SET data = ?", (data[:20] + b"\0\0\0\0" + data[24:],))
    db.close()
    assert len(await metrics.series("bot", "threads", BEGIN, BEGIN + HOUR)) == 10


def test_killed_before_any_statement_of_packing_nothing_is_lost_and_nothing_counts_twice(
    tmp_path: Path, spawn: Spawn
) -> None:
    """Real processes, killed before the first statement, the second, … until one is not killed any more."""
    child = spawn("packs_and_dies", tmp_path)
    files = []
    while (said := heard(child)) != "done":
        files.append(tmp_path / said)
    assert len(files) > 15
    for file in files:
        counts, values = asyncio.run(_packed_at_last(file))
        assert counts == {"threads": 50, "log_lines_total": 49}
        assert values == 50


async def _packed_at_last(path: Path) -> tuple[dict[str, int], int]:
    store = SqliteMetrics(path, VirtualClock())
    try:
        await packed(store, 3 * HOUR)
        counts = {}
        for name in ("threads", "log_lines_total"):
            found = await store.buckets("bot", name, BEGIN, BEGIN + 2 * HOUR - 1, 2)
            assert found.step == HOUR
            counts[name] = sum(bucket.count for bucket in found.buckets)
        return counts, len(await store.series("bot", "threads", BEGIN, BEGIN + 2 * HOUR))
    finally:
        await store.close()


# -- the first schema


async def test_what_an_earlier_opsbot_stored_is_there_at_once_and_is_packed_bit_by_bit(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(path, isolation_level=None) as db:
        migrate(db, shipped("metrics")[:1], str(path))
        db.execute("INSERT INTO series VALUES (7, 'bot', 'log_lines_total'), (9, 'bot', 'threads')")
        old = [(t, float(t // 60)) for t in range(0, 3 * int(HOUR), 60)]
        for series in (7, 9):
            db.executemany(
                "INSERT INTO samples VALUES (?, ?, ?)",
                [(series, round((BEGIN + t) * 1000), value) for t, value in old],
            )
    db.close()
    monkeypatch.setattr(_metrics_pack, "_OLD_ROWS", 60)
    store = SqliteMetrics(path, clock)
    try:
        await store.append([seen(3 * HOUR, threads=5.0, log_lines_total=190.0)])
        pieces = 0
        while True:
            points = await store.series("bot", "threads", BEGIN, BEGIN + DAY)
            assert [point.value for point in points] == [*(value for _, value in old), 5.0]
            found = await store.buckets("bot", "log_lines_total", BEGIN, BEGIN + DAY, 1000)
            assert sum(bucket.total for bucket in found.buckets) == pytest.approx(190, abs=4)
            if rows(path, "old_samples"):
                assert await store.shrink(1) is None
            if not await store.pack(BEGIN + 3 * HOUR):
                break
            pieces += 1
        assert pieces == 6
        assert await store.names("bot") == ["log_lines_total", "threads"]
        await store.rename("bot", "robot")
        assert len(await store.series("robot", "threads", BEGIN, BEGIN + DAY)) == 181
    finally:
        await store.close()


# -- the two stores say the same


@st.composite
def days(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Seconds and values; the clock is set back now and then."""
    at, found = 0.0, []
    for _ in range(draw(st.integers(1, 60))):
        at += draw(st.sampled_from((1.0, 1.0, 1.0, 59.0, 700.0, 4000.0, -300.0, -5000.0)))
        found.append((max(0.0, at), float(draw(st.integers(0, 40)))))
    return found


@given(days(), st.integers(1, 80), st.sampled_from(["threads", "log_lines_total"]), st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_seen_both_stores_tell_it_alike(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[tuple[float, float]],
    most: int,
    name: str,
    data: st.DataObject,
) -> None:
    """Nothing is lost, nothing counts twice, and no increase is negative, whenever it was packed."""
    when = data.draw(st.sets(st.integers(0, len(values))))
    folder = tmp_path_factory.mktemp("rollups")
    asyncio.run(_alike(SqliteMetrics(folder / "metrics.db", VirtualClock()), values, most, name, when))


async def _alike(
    store: SqliteMetrics, values: list[tuple[float, float]], most: int, name: str, when: set[int]
) -> None:
    memory = MemoryMetrics()
    try:
        for number, (at, value) in enumerate(dict(values).items()):  # one value a moment
            for one in (store, memory):
                await one.append(
                    [Sample("bot", "c", Moment(at, BEGIN + at), Outcome.OK, metrics={name: value})]
                )
            if number in when:
                await packed(store, 100 * HOUR)
        span = ("bot", name, BEGIN, BEGIN + 100 * HOUR)
        assert await store.series(*span) == await memory.series(*span)
        found, expected = await store.buckets(*span, most), await memory.buckets(*span, most)
        assert _extent(found) == _extent(expected)
        assert len(found.buckets) <= most
        if name.endswith("_total"):
            assert all(bucket.low >= 0 for bucket in found.buckets)
        if found.step == expected.step:
            assert [b.wall for b in found.buckets] == [b.wall for b in expected.buckets]
            assert [(b.low, b.high, b.count) for b in found.buckets] == [
                (b.low, b.high, b.count) for b in expected.buckets
            ]
    finally:
        await store.close()


def _extent(series: Series) -> tuple[float, float, int, float]:
    buckets = series.buckets
    return (
        min((b.low for b in buckets), default=0.0),
        max((b.high for b in buckets), default=0.0),
        sum(b.count for b in buckets),
        round(sum(b.total for b in buckets), 6),
    )
