"""Whatever is committed, and however often the store is opened again, SQLite holds what memory holds."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsbot.domain.change import Change, NoticeDone
from opsbot.domain.notice import Notice
from opsbot.errors import StoreUnavailable
from opsbot.stores._codec import dump, parse
from opsbot.stores.base import StateStore
from opsbot.stores.journal import Journal
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import MemoryDisk, MemoryState, VirtualClock
from tests.stores import examples as ex
from tests.stores.strategies import batches, changes

REOPEN = "reopen"
REBOOT = "reboot"
BREAK = "break"
MEND = "mend"

slow = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


class Machine:
    """The clock of a machine that can be started again: the wall goes on, the time since boot does not."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self._boots = 1

    def reboot(self) -> None:
        self._boots += 1
        wall = self.clock.now().wall + 64.0
        self.clock = VirtualClock(mono=8.0, wall=wall, boot_id=f"boot-{self._boots}")


@given(changes)
@settings(deadline=None, max_examples=300)
def test_a_change_survives_the_codec(change: Change) -> None:
    assert parse(type(change), dump(change)) == change


@given(st.lists(batches | st.sampled_from([REOPEN, REBOOT]), max_size=12))
@slow
def test_sqlite_loads_what_memory_loads(steps: list[list[Change] | str]) -> None:
    asyncio.run(_play_both(steps))


async def _play_both(steps: list[list[Change] | str]) -> None:
    machine, disk = Machine(), MemoryDisk()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        sqlite = SqliteState(path, machine.clock)
        try:
            for step in steps:
                await machine.clock.advance(0.5)
                if isinstance(step, str):
                    await sqlite.close()
                    if step == REBOOT:
                        machine.reboot()
                    sqlite = SqliteState(path, machine.clock)
                else:
                    await sqlite.commit(step)
                    await MemoryState(machine.clock, disk).commit(step)
            await _same(sqlite, MemoryState(machine.clock, disk))
        finally:
            await sqlite.close()


async def _same(one: StateStore, other: StateStore) -> None:
    assert await one.load() == await other.load()
    for number in range(1, 5):
        assert await one.incident(number) == await other.incident(number)
        assert await one.timeline(number) == await other.timeline(number)
    assert await one.audit(100) == await other.audit(100)
    assert (await one.verify_audit()).broken is None


@given(st.lists(batches | st.sampled_from([REOPEN, REBOOT, BREAK, MEND]), max_size=16))
@slow
def test_a_store_that_comes_and_goes_ends_with_everything_once(steps: list[list[Change] | str]) -> None:
    asyncio.run(_play_broken(steps))


def _numbers_used_once(batch: list[Change], done: set[int]) -> list[Change]:
    """The batch without notices whose number was delivered before: the engine never gives one a second time,
    and only a file that remembers what was delivered could tell."""
    kept = []
    for change in batch:
        if isinstance(change, NoticeDone):
            done.add(change.notice)
        if not (isinstance(change, Notice) and change.id in done):
            kept.append(change)
    return kept


async def _play_broken(steps: list[list[Change] | str]) -> None:
    """Each start of opsbot loads what one that never failed would load, also while the file is broken.

    The incidents are there from the start: what hangs on one comes after it.
    """
    machine, whole = Machine(), MemoryDisk()
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        inner = MemoryState(machine.clock)
        state = ResilientState(inner, journal, machine.clock, retry_seconds=1.0)
        done: set[int] = set()
        opened: list[Change] = [ex.incident(number, machine.clock.now()) for number in range(1, 5)]
        for step in [opened, *steps, MEND]:
            await machine.clock.advance(0.5)
            if isinstance(step, list):
                step = _numbers_used_once(step, done)
                await state.commit(step)
                await MemoryState(machine.clock, whole).commit(step)
            elif step in (BREAK, MEND):
                inner.failure = StoreUnavailable("broken") if step == BREAK else None
            else:
                if step == REBOOT:
                    machine.reboot()
                failure = inner.failure
                inner = MemoryState(machine.clock, inner.disk)
                inner.failure = failure
                state = ResilientState(inner, journal, machine.clock, retry_seconds=1.0)
                assert await state.load() == await MemoryState(machine.clock, whole).load()
        assert await state.recover()
        await _same(inner, MemoryState(machine.clock, whole))
        assert journal.read() == []
