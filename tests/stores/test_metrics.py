"""metrics.db beyond its contract: best effort, bounded waits."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Sample
from opsbot.errors import StoreUnavailable
from opsbot.stores.sqlite_metrics import SqliteMetrics
from opsbot.testing import VirtualClock
from tests.stores.conftest import Spawn, answer, heard

FOREVER = 1e10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.db"


@pytest.fixture
async def metrics(path: Path, clock: VirtualClock) -> AsyncIterator[SqliteMetrics]:
    made = SqliteMetrics(path, clock, busy=0.1)
    yield made
    await made.close()


def sample(clock: VirtualClock, value: float, name: str = "threads") -> Sample:
    return Sample("bot", "process", clock.now(), Outcome.OK, metrics={name: value})


async def test_what_was_stored_is_there_after_a_restart(
    metrics: SqliteMetrics, path: Path, clock: VirtualClock
) -> None:
    await metrics.append([sample(clock, 7)])
    await metrics.close()
    again = SqliteMetrics(path, clock)
    assert [point.value for point in await again.series("bot", "threads", 0, FOREVER)] == [7]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await again.close()


async def test_while_another_process_holds_the_file_a_batch_is_lost_and_the_next_is_stored(
    metrics: SqliteMetrics, path: Path, clock: VirtualClock, spawn: Spawn
) -> None:
    await metrics.append([sample(clock, 1)])
    child = spawn("locks_file", path)
    assert heard(child) == "locked"
    await clock.advance(1)
    with pytest.raises(StoreUnavailable, match="locked by another process"):
        await metrics.append([sample(clock, 2)])
    answer(child)
    assert heard(child) == "unlocked"
    await clock.advance(1)
    await metrics.append([sample(clock, 3)])
    assert [point.value for point in await metrics.series("bot", "threads", 0, FOREVER)] == [1, 3]


async def test_a_batch_is_stored_whole_or_not_at_all(metrics: SqliteMetrics, clock: VirtualClock) -> None:
    await metrics.append([sample(clock, 1)])
    await metrics._database.write(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
    big = [sample(clock, number, f"metric_{number}") for number in range(5000)]
    with pytest.raises(StoreUnavailable, match="full"):
        await metrics.append(big)
    assert await metrics.names("bot") == ["threads"]
