"""While state.db cannot be written opsbot goes on, says so, and afterwards everything is there once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from opsbot.errors import SchemaTooNew, StoreUnavailable
from opsbot.stores._rescue import fresh_ids
from opsbot.stores.base import Batch, Persisted
from opsbot.stores.journal import Journal
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import MemoryState, VirtualClock
from tests.stores import examples as ex
from tests.stores.conftest import Spawn, answer, heard

FULL = StoreUnavailable("state.db cannot grow: the disk is full.")


@pytest.fixture
def inner(clock: VirtualClock) -> MemoryState:
    return MemoryState(clock)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def state(inner: MemoryState, journal: Journal, clock: VirtualClock) -> ResilientState:
    return ResilientState(inner, journal, clock, retry_seconds=5.0)


async def test_while_all_is_well_nothing_is_said_and_no_journal_is_made(
    state: ResilientState, inner: MemoryState, journal: Journal, clock: VirtualClock
) -> None:
    await state.commit([ex.incident(1, clock.now())])
    assert state.degraded is None
    assert len(inner.batches) == 1
    assert journal.read() == []


async def test_a_full_disk_is_declared_with_its_reason_and_since_when(
    state: ResilientState, inner: MemoryState, journal: Journal, clock: VirtualClock
) -> None:
    inner.failure, began = FULL, clock.now()
    await state.commit([ex.incident(1, began)])
    await clock.advance(60)
    await state.commit([ex.incident(2, clock.now())])
    degraded = state.degraded
    assert degraded is not None
    assert (degraded.reason, degraded.since, degraded.waiting) == (str(FULL), began, 2)
    assert degraded.journal
    assert len(journal.read()) == 2


async def test_a_later_commit_tries_again_and_ends_it(
    state: ResilientState, inner: MemoryState, journal: Journal, clock: VirtualClock
) -> None:
    inner.failure = FULL
    await state.commit([ex.incident(1, clock.now())])
    inner.failure = None
    await state.commit([ex.incident(2, clock.now())])  # too soon: a try may cost seconds
    assert len(journal.read()) == 2
    await clock.advance(5)
    await state.commit([ex.incident(3, clock.now())])
    assert state.degraded is None
    assert [each.id for each in (await inner.load()).incidents] == [1, 2, 3]
    assert journal.read() == []


async def test_a_timer_ends_it_without_any_commit(
    state: ResilientState, inner: MemoryState, clock: VirtualClock
) -> None:
    inner.failure = FULL
    await state.commit([ex.incident(1, clock.now())])
    assert not await state.recover()
    inner.failure = None
    assert await state.recover()
    assert state.degraded is None
    assert len(inner.batches) == 1


async def test_what_waits_is_seen_by_those_who_ask(
    state: ResilientState, inner: MemoryState, clock: VirtualClock
) -> None:
    await state.commit([ex.incident(1, clock.now()), ex.said(1, clock.now(), "before")])
    inner.failure = FULL
    await state.commit([ex.incident(2, clock.now()), ex.said(1, clock.now(), "after")])
    assert [entry.text for entry in await state.timeline(1)] == ["before", "after"]
    assert await state.incident(2) == ex.incident(2, clock.now())
    assert [each.id for each in (await state.load()).incidents] == [1, 2]


async def test_the_next_opsbot_writes_what_the_last_one_could_not(
    state: ResilientState, inner: MemoryState, journal: Journal, clock: VirtualClock
) -> None:
    inner.failure = FULL
    await state.commit([ex.incident(1, clock.now())])
    inner.failure = None
    successor = ResilientState(inner, journal, clock)
    loaded = await successor.load()
    assert [each.id for each in loaded.incidents] == [1]
    assert len(inner.batches) == 1
    assert journal.read() == []


class Undecided(MemoryState):
    """Writes, and then cannot tell that it did: a disk that answers too late."""

    async def write(self, batches: Sequence[Batch]) -> None:
        failure, self.failure = self.failure, None
        await super().write(batches)
        self.failure = failure
        if failure is not None:
            raise failure


async def test_what_was_written_after_all_is_not_written_twice(journal: Journal, clock: VirtualClock) -> None:
    inner = Undecided(clock)
    state = ResilientState(inner, journal, clock)
    inner.failure = StoreUnavailable("state.db did not answer within 2 s.")
    await state.commit([ex.act(clock.now())])
    await state.commit([ex.act(clock.now())])
    inner.failure = None
    assert await state.recover()
    assert len(await inner.audit(10)) == 2


async def test_without_a_journal_it_goes_on_in_memory_and_says_so(
    inner: MemoryState, tmp_path: Path, clock: VirtualClock
) -> None:
    state = ResilientState(inner, Journal(tmp_path), clock)  # a directory: cannot be written
    inner.failure = FULL
    await state.commit([ex.incident(1, clock.now())])
    degraded = state.degraded
    assert degraded is not None
    assert not degraded.journal
    assert "in memory only" in degraded.reason
    inner.failure = None
    assert await state.recover()
    assert [each.id for each in (await inner.load()).incidents] == [1]


async def test_what_was_only_in_memory_goes_to_the_journal_when_that_works_again(
    state: ResilientState, inner: MemoryState, journal: Journal, clock: VirtualClock
) -> None:
    inner.failure = FULL
    journal.path.mkdir()
    await state.commit([ex.incident(1, clock.now())])
    journal.path.rmdir()
    await state.commit([ex.incident(2, clock.now())])
    degraded = state.degraded
    assert degraded is not None
    assert degraded.journal
    assert "memory" not in degraded.reason
    assert [batch.number for batch in journal.read()] == [1, 2]


async def test_memory_is_bounded_and_what_is_given_up_is_counted(
    inner: MemoryState, clock: VirtualClock
) -> None:
    state = ResilientState(inner, None, clock, memory_batches=3)
    inner.failure = FULL
    for number in range(1, 6):
        await state.commit([ex.incident(number, clock.now())])
    degraded = state.degraded
    assert degraded is not None
    assert (degraded.waiting, degraded.lost) == (3, 2)
    inner.failure = None
    await state.recover()
    assert [each.id for each in (await inner.load()).incidents] == [3, 4, 5]


class Unreadable(MemoryState):
    """Not even readable."""

    async def load(self) -> Persisted:
        if self.failure is not None:
            raise self.failure
        return await super().load()


async def test_a_file_that_cannot_even_be_read_gives_numbers_nobody_had(
    journal: Journal, clock: VirtualClock
) -> None:
    inner = Unreadable(clock)
    await inner.commit([ex.incident(70, clock.now())])
    inner.failure = FULL
    state = ResilientState(inner, journal, clock)
    loaded = await state.load()
    assert loaded == fresh_ids(clock.now().wall)
    assert state.degraded is not None
    await state.commit([ex.incident(loaded.next_incident, clock.now())])
    inner.failure = None
    assert await state.recover()
    assert [each.id for each in (await inner.load()).incidents] == [70, loaded.next_incident]


async def test_a_newer_schema_at_start_is_for_a_person(journal: Journal, clock: VirtualClock) -> None:
    inner = Unreadable(clock)
    inner.failure = SchemaTooNew("state.db was written by a newer opsbot.")
    with pytest.raises(SchemaTooNew):
        await ResilientState(inner, journal, clock).load()


class Choosy(MemoryState):
    """Cannot write one of the batches, ever."""

    async def write(self, batches: Sequence[Batch]) -> None:
        if any(batch.number == 2 for batch in batches):
            raise ValueError("this batch")
        await super().write(batches)


async def test_one_batch_that_can_never_be_written_does_not_hold_up_the_others(
    journal: Journal, clock: VirtualClock
) -> None:
    for number in (1, 2, 3):
        journal.append([Batch("run-1", number, "boot-1", clock.now(), (ex.incident(number, clock.now()),))])
    inner = Choosy(clock)
    loaded = await ResilientState(inner, journal, clock).load()
    assert [each.id for each in loaded.incidents] == [1, 3]
    assert journal.read() == []


async def test_a_backup_that_holds_the_real_file_costs_nothing_but_time(
    tmp_path: Path, journal: Journal, clock: VirtualClock, spawn: Spawn
) -> None:
    path = tmp_path / "state.db"
    state = ResilientState(SqliteState(path, clock, busy=0.05), journal, clock)
    await state.commit([ex.incident(1, clock.now())])
    child = spawn("locks_file", path)
    assert heard(child) == "locked"
    await state.commit([ex.incident(2, clock.now())])
    assert state.degraded is not None
    assert "locked by another process" in state.degraded.reason
    answer(child)
    assert heard(child) == "unlocked"
    assert await state.recover()
    assert [each.id for each in (await state.load()).incidents] == [1, 2]
    await state.close()
