"""The state file fails under a whole opsbot: it watches, repairs and tells on, and nothing is missing after.

Real SQLite files, really locked, full and damaged; virtual time around them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsbot.domain.levels import IncidentState
from opsbot.engine.own import OWN
from opsbot.stores.journal import Journal
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing.notifier import RecordingNotifier
from tests.runtime.rig import NAME, Rig, World, build

MINUTE = 60.0
SECONDS_MOST = 400.0


class Troubled:
    """An opsbot on a real state file. `begin` and `end`: what happens to the file."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.path = folder / "state.db"
        self.file = SqliteState(self.path, self.world.clock, busy=0.02)
        self.journal = Journal(folder / "journal.jsonl")
        self.ops = RecordingNotifier("ops")
        self.rig: Rig

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """It runs, and its target is well."""
        keeper = ResilientState(self.file, self.journal, self.world.clock)
        self.world.host.launch()
        self.rig = await build(self.world, keeper=keeper, notifiers={"ops": self.ops})
        task = asyncio.create_task(self.rig.runtime.run())
        try:
            await self.until(lambda: NAME in self.rig.state.desired)
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await keeper.close()

    async def until(self, true: Callable[[], bool]) -> None:
        """Lets time pass until something is so; SQLite's thread has its own."""
        for _ in range(round(SECONDS_MOST * 10)):
            if true():
                return
            await self.passes(0.1)
        raise AssertionError("it did not happen in time")

    async def passes(self, seconds: float) -> None:
        await self.world.clock.advance(seconds)
        await asyncio.sleep(0.001)

    def told(self, target: str) -> list[IncidentState]:
        return [t.incident.state for t in self.ops.told if t.incident.target == target]

    async def in_the_file(self) -> tuple[list[int], dict[str, int]]:
        """Incidents and generations, as another opsbot would read them."""
        store = SqliteState(self.path, self.world.clock)
        try:
            loaded = await store.load()
        finally:
            await store.close()
        return sorted(i.id for i in loaded.incidents), {d.target: d.generation for d in loaded.desired}


Fault = Callable[[Troubled], Awaitable[Callable[[], Awaitable[None]]]]
"""Begins; returns what ends it."""


async def busy(troubled: Troubled) -> Callable[[], Awaitable[None]]:
    """Another connection holds the write lock."""
    other = sqlite3.connect(troubled.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def end() -> None:
        other.execute("ROLLBACK")
        other.close()

    return end


async def full(troubled: Troubled) -> Callable[[], Awaitable[None]]:
    """Not a page more."""
    database = troubled.file._database
    await database.write(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
    # what fits into the pages there are is written: they are filled first
    await database.write(_fill)

    async def end() -> None:
        await database.write(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())

    return end


def _fill(db: sqlite3.Connection) -> None:
    size = 2000
    while size:
        try:
            db.execute("INSERT INTO meta VALUES (?, 0)", (f"{size}-{db.total_changes}-{'x' * size}",))
        except sqlite3.OperationalError:
            size //= 2


async def journal_too(troubled: Troubled) -> Callable[[], Awaitable[None]]:
    """Locked, and the journal cannot be written either."""
    end_busy = await busy(troubled)
    troubled.journal.path.mkdir()

    async def end() -> None:
        troubled.journal.path.rmdir()
        await end_busy()

    return end


@pytest.mark.parametrize("fault", [busy, full, journal_too])
async def test_a_minute_without_the_state_file_is_told_and_costs_nothing(
    tmp_path: Path, fault: Fault
) -> None:
    troubled = Troubled(tmp_path)
    async with troubled.at_work():
        end = await fault(troubled)
        troubled.world.host.crash()
        began = troubled.world.clock.now()
        await troubled.until(lambda: IncidentState.RESOLVED in troubled.told(NAME))  # restarted, and told so
        await troubled.until(lambda: bool(troubled.told(OWN)))
        assert "state cannot be written" in troubled.ops.told[-1].incident.title
        assert IncidentState.RESOLVED not in troubled.told(OWN)
        while troubled.world.clock.now().since(began) < MINUTE:
            await troubled.passes(1.0)
        assert troubled.world.host.running is not None
        await end()
        await troubled.until(lambda: IncidentState.RESOLVED in troubled.told(OWN))
        await troubled.passes(5.0)
        state = troubled.rig.state
        expected = sorted(state.incidents), {d.target: d.generation for d in state.desired.values()}
    assert len(troubled.world.host.started) == 1
    assert await troubled.in_the_file() == expected
    assert not troubled.journal.path.exists()


CONTENTS = {
    "empty": b"",
    "no database": b"this is no database\n" * 500,
    "broken": b"SQLite format 3\0" + b"\xff" * 9000,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
async def test_a_file_that_is_destroyed_under_it_is_kept_told_and_written_anew(
    tmp_path: Path, content: bytes
) -> None:
    troubled = Troubled(tmp_path)
    async with troubled.at_work():
        troubled.world.host.crash()
        await troubled.until(lambda: IncidentState.RESOLVED in troubled.told(NAME))
        before = troubled.rig.state.next_incident
        troubled.path.unlink()
        troubled.path.write_bytes(content)
        troubled.world.host.crash()
        await troubled.until(lambda: troubled.told(NAME).count(IncidentState.RESOLVED) == 2)
        await troubled.until(lambda: bool(troubled.told(OWN)))
        state = troubled.rig.state
        assert state.next_incident > before
        await troubled.passes(30.0)
        expected = sorted(state.incidents), {d.target: d.generation for d in state.desired.values()}
    (kept,) = [path for path in tmp_path.glob("state.db.corrupt-*") if path.name.endswith("Z")]
    assert kept.read_bytes() == content
    assert any(kept.name in t.incident.title for t in troubled.ops.told)
    numbers, generations = await troubled.in_the_file()
    assert (numbers, generations) == expected
