"""Busy, full, read-only, damaged, gone: told within a bounded time, and over when the cause is over."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.errors import SchemaTooNew, StoreUnavailable
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import VirtualClock
from tests.stores import examples as ex
from tests.stores.conftest import Spawn, answer, heard


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


@pytest.fixture
async def store(path: Path, clock: VirtualClock) -> AsyncIterator[SqliteState]:
    made = SqliteState(path, clock, busy=0.1)
    yield made
    await made.close()


async def test_the_files_are_for_this_user_alone(store: SqliteState, path: Path, clock: VirtualClock) -> None:
    await store.commit([ex.alert(clock.now())])
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()] == [0o600] * 3


async def test_a_file_that_others_could_read_is_closed_to_them(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    path.parent.mkdir()
    path.touch(0o644)
    path.chmod(0o644)
    await store.commit([ex.alert(clock.now())])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_symbolic_link_is_not_followed(store: SqliteState, path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable):
        await store.commit([])
    assert not (tmp_path / "elsewhere").exists()


async def test_while_another_process_holds_the_file_commits_are_refused_and_reads_go_on(
    store: SqliteState, path: Path, clock: VirtualClock, spawn: Spawn
) -> None:
    await store.commit([ex.incident(1, clock.now())])
    child = spawn("locks_file", path)
    assert heard(child) == "locked"
    with pytest.raises(StoreUnavailable, match="locked by another process"):
        await store.commit([ex.incident(2, clock.now())])
    assert (await store.load()).next_incident == 2
    answer(child)
    assert heard(child) == "unlocked"
    await store.commit([ex.incident(3, clock.now())])
    assert [each.id for each in (await store.load()).incidents] == [1, 3]


async def test_a_full_file_takes_nothing_by_half_and_goes_on_when_there_is_room(
    store: SqliteState, clock: VirtualClock
) -> None:
    await store.commit([ex.incident(1, clock.now())])
    await store._database.write(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
    big = [ex.said(2, clock.now(), "x" * 1000) for _ in range(2000)]
    with pytest.raises(StoreUnavailable, match="full"):
        await store.commit([ex.incident(2, clock.now()), *big])
    assert await store.incident(2) is None
    assert await store.timeline(2) == []
    await store._database.write(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
    await store.commit([ex.incident(2, clock.now()), *big])
    assert len(await store.timeline(2)) == 2000


async def test_a_batch_with_something_that_cannot_be_stored_is_refused_whole(
    store: SqliteState, clock: VirtualClock
) -> None:
    impossible = replace(ex.desired(clock.now()), target="\ud800")
    with pytest.raises(UnicodeEncodeError):
        await store.commit([ex.incident(1, clock.now()), impossible])
    await store.commit([ex.incident(2, clock.now())])
    assert [each.id for each in (await store.load()).incidents] == [2]


def test_on_a_full_disk_it_goes_on_in_memory_and_loses_nothing(
    tmp_path: Path, spawn: Spawn, own_mounts: tuple[str, ...]
) -> None:
    child = spawn("fills", tmp_path, before=own_mounts)
    reason = heard(child)
    assert "full" in reason
    assert "in memory only" in reason
    assert [heard(child) for _ in range(4)] == ["False", "True", "40", "[20]"]
    assert child.wait() == 0


def test_a_read_only_disk_is_read_and_written_again_when_it_can_be(
    tmp_path: Path, spawn: Spawn, own_mounts: tuple[str, ...]
) -> None:
    child = spawn("reads_only", tmp_path, before=own_mounts)
    assert heard(child) == "2"
    assert "Read-only" in heard(child)
    assert [heard(child), heard(child)] == ["True", "3"]
    assert child.wait() == 0


async def test_a_file_that_does_not_answer_is_not_waited_for(path: Path, clock: VirtualClock) -> None:
    store, gate = SqliteState(path, clock, patience=5.0), threading.Event()
    await store.commit([ex.incident(1, clock.now())])
    await store.close()
    store = SqliteState(path, clock, patience=0.05)
    await store._database.read(lambda db: None, 5.0)  # opening may take its time
    try:
        with pytest.raises(StoreUnavailable, match="did not answer within"):
            await store._database.write(lambda db: gate.wait())
        with pytest.raises(StoreUnavailable, match="still does not"):
            await store.commit([ex.incident(2, clock.now())])
    finally:
        gate.set()
        await store.close()
    assert await _numbers(path, clock) == [1]


async def test_a_removed_file_is_made_anew(store: SqliteState, path: Path, clock: VirtualClock) -> None:
    await store.commit([ex.incident(1, clock.now())])
    path.unlink()
    await store.commit([ex.incident(2, clock.now())])
    await store.close()
    assert await _numbers(path, clock) == [2]


async def test_a_newer_schema_is_refused_and_not_touched(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    await store.commit([ex.incident(1, clock.now())])
    await store.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    for refused in (store.load(), store.commit([ex.incident(2, clock.now())])):
        with pytest.raises(SchemaTooNew, match=r"newer opsbot \(schema 99"):
            await refused
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


async def test_a_reader_beside_opsbot_sees_everything_and_writes_nothing(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    await store.commit([ex.incident(1, clock.now())])
    reader = SqliteState(path, clock, read_only=True)
    try:
        assert (await reader.load()).next_incident == 2
        await store.commit([ex.incident(2, clock.now())])
        assert (await reader.load()).next_incident == 3
        with pytest.raises(StoreUnavailable, match="reading only"):
            await reader.commit([])
    finally:
        await reader.close()


async def test_a_reader_without_a_file_says_so_and_makes_none(path: Path, clock: VirtualClock) -> None:
    reader = SqliteState(path, clock, read_only=True)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        await reader.load()
    await reader.close()
    assert not path.exists()


async def _numbers(path: Path, clock: VirtualClock) -> list[int]:
    store = SqliteState(path, clock)
    try:
        return [each.id for each in (await store.load()).incidents]
    finally:
        await store.close()
