"""kill -9 at any moment: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from opsbot.stores._migrations import Migration, migrate, read_folder, schema_version, shipped
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import VirtualClock
from tests.stores.conftest import Spawn, heard


async def test_killed_while_it_commits_the_file_holds_whole_batches(
    tmp_path: Path, spawn: Spawn, clock: VirtualClock
) -> None:
    path, known = tmp_path / "state.db", 0
    for _ in range(4):
        child = spawn("commits", path)
        for _ in range(random.randrange(1, 40)):
            known = int(heard(child))
        child.kill()
        child.wait()
        written = await _whole_batches(path, clock)
        assert written >= known


async def _whole_batches(path: Path, clock: VirtualClock) -> int:
    """How many batches there are; each of them must be there whole."""
    store = SqliteState(path, clock)
    try:
        loaded = await store.load()
        numbers = list(range(1, loaded.next_incident))
        assert store.quarantined is None
        assert [each.id for each in loaded.incidents] == numbers
        assert [each.id for each in loaded.actions] == numbers
        assert [each.id for each in loaded.notices] == numbers
        assert all(len(each.timeline) == 1 for each in loaded.incidents)
        assert len(await store.audit(100_000)) == len(numbers)
        assert (await store.verify_audit()).broken is None
    finally:
        await store.close()
    return len(numbers)


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A second migration that stops at three places to be killed there."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_start.sql").write_text("CREATE TABLE old (a TEXT); INSERT INTO old VALUES ('kept');")
    (folder / "0002_next.sql").write_text(
        "CREATE TABLE new (a TEXT);"
        "SELECT midway(1); INSERT INTO new SELECT a FROM old;"
        "SELECT midway(2); DROP TABLE old;"
        "SELECT midway(3);"
    )
    return folder


@pytest.mark.parametrize("place", [1, 2, 3])
def test_killed_midway_a_migration_leaves_the_old_schema(
    tmp_path: Path, steps: Path, spawn: Spawn, place: int
) -> None:
    path = tmp_path / "any.db"
    child = spawn("migrates", path, steps)
    for reached in range(1, place + 1):
        assert heard(child) == str(reached)
        if reached < place:
            assert child.stdin is not None
            child.stdin.write("\n")
    child.kill()
    child.wait()
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        assert schema_version(connection) == 1
        assert _tables(connection) == ["old"]
        assert connection.execute("SELECT a FROM old").fetchall() == [("kept",)]
        connection.create_function("midway", 1, lambda step: step)
        assert migrate(connection, read_folder(steps), str(path)) == 1
        assert _tables(connection) == ["new"]
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["state", "metrics"])
def test_killed_before_any_statement_of_the_shipped_migrations_the_schema_is_the_old_or_the_new_one(
    tmp_path: Path, spawn: Spawn, name: str
) -> None:
    """A real process, killed before its first statement, its second, … until one is not killed any more."""
    steps = shipped(name)
    whole = [_schema_after(steps[:version]) for version in range(len(steps) + 1)]
    killed = 0
    while True:
        path = tmp_path / f"{killed}.db"
        child = spawn("migrates_by_statement", path, name, killed)
        if heard(child) == "done":
            break
        child.kill()
        child.wait()
        connection = sqlite3.connect(path, isolation_level=None)
        version = schema_version(connection)
        assert _schema(connection) == whole[version]
        migrate(connection, steps, str(path))
        assert _schema(connection) == whole[-1]
        connection.close()
        killed += 1
    assert killed > len(steps) * 3  # begin, something, number, commit


def _schema_after(steps: tuple[Migration, ...]) -> list[str]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, steps, "any.db")
    found = _schema(connection)
    connection.close()
    return found


def _schema(connection: sqlite3.Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute("SELECT sql FROM sqlite_schema ORDER BY type, name")]


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path, steps: Path) -> None:
    connection = sqlite3.connect(tmp_path / "any.db", isolation_level=None)
    try:
        with pytest.raises(sqlite3.OperationalError, match="midway"):  # there is no such function here
            migrate(connection, read_folder(steps), "any.db")
        assert schema_version(connection) == 1
        assert _tables(connection) == ["old"]
        assert not connection.in_transaction
    finally:
        connection.close()


def test_migrations_with_a_gap_are_refused(tmp_path: Path) -> None:
    for name in ("0001_a.sql", "0003_c.sql"):
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match="0003"):
        read_folder(tmp_path)


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
