"""Whoever rewrites the record of who did what is found out."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsbot.clock import SystemClock
from opsbot.errors import StoreUnavailable
from opsbot.stores import _audit
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import VirtualClock
from tests.stores import examples as ex

ROWS = 12


@pytest.fixture
async def store(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SqliteState]:
    monkeypatch.setattr(_audit, "PAGE_ROWS", 5)
    made = SqliteState(tmp_path / "state.db", clock)
    for number in range(ROWS):
        await made.commit([ex.act(clock.now(), reason=f"reason {number}")])
    yield made
    await made.close()


async def tamper(store: SqliteState, *queries: str) -> None:
    """As somebody with the file in hand can: without the triggers."""

    def work(db: sqlite3.Connection) -> None:
        for query in ("DROP TRIGGER audit_is_not_changed", "DROP TRIGGER audit_is_not_deleted", *queries):
            db.execute(query)

    await store._database.write(work)


async def test_an_untouched_audit_verifies(store: SqliteState) -> None:
    assert (await store.verify_audit()).broken is None


@pytest.mark.parametrize("row", [1, 5, 6, ROWS])
async def test_a_changed_row_is_named(store: SqliteState, row: int) -> None:
    await tamper(store, f"UPDATE audit SET body = replace(body, 'reason', 'excuse') WHERE seq = {row}")
    assert (await store.verify_audit()).broken == row


@pytest.mark.parametrize("row", [1, 5, 6, ROWS])
async def test_a_removed_row_is_named(store: SqliteState, row: int) -> None:
    await tamper(store, f"DELETE FROM audit WHERE seq = {row}")
    assert (await store.verify_audit()).broken == row


async def test_a_row_put_in_between_is_named(store: SqliteState) -> None:
    forged = "INSERT INTO audit SELECT seq + 1, body, hash FROM audit WHERE seq = 3"
    await tamper(store, "UPDATE audit SET seq = -seq WHERE seq > 3", forged)
    assert (await store.verify_audit()).broken is not None


async def test_a_changed_row_with_its_hash_made_anew_breaks_the_next(store: SqliteState) -> None:
    def work(db: sqlite3.Connection) -> None:
        previous = db.execute("SELECT hash FROM audit WHERE seq = 3").fetchone()[0]
        db.execute("UPDATE audit SET body = '{}', hash = ? WHERE seq = 4", (_audit.link(previous, "{}"),))

    await tamper(store)
    await store._database.write(work)
    assert (await store.verify_audit()).broken == 5


@pytest.mark.parametrize("query", ["UPDATE audit SET body = ''", "DELETE FROM audit WHERE seq = 1"])
async def test_the_database_itself_refuses_to_change_it(store: SqliteState, query: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await store._database.write(lambda db: db.execute(query))
    assert (await store.verify_audit()).broken is None


async def test_a_newline_in_a_reason_makes_no_second_row(store: SqliteState, clock: VirtualClock) -> None:
    await store.commit([ex.act(clock.now(), reason='x"}\n{"verb": "restart"')])
    assert len(await store.audit(100)) == ROWS + 1
    assert (await store.verify_audit()).broken is None


async def test_how_many_rows_are_good_and_on_what_they_stand_is_told(store: SqliteState) -> None:
    whole = await store.verify_audit()
    assert (whole.rows, whole.broken, len(whole.head)) == (ROWS, None, 64)
    await tamper(store, "UPDATE audit SET body = '{}' WHERE seq = 4")
    found = await store.verify_audit()
    assert (found.rows, found.broken) == (3, 4)
    assert found.head != whole.head


async def test_an_end_that_was_cut_off_is_named(store: SqliteState) -> None:
    await tamper(store, f"DELETE FROM audit WHERE seq > {ROWS - 3}")
    found = await store.verify_audit()
    assert (found.rows, found.broken) == (ROWS - 3, ROWS - 2)


async def test_a_row_that_cannot_be_read_hides_no_other_from_a_search(store: SqliteState) -> None:
    await tamper(store, "UPDATE audit SET body = 'x' WHERE seq = 11")
    assert [act.reason for act in await store.audit(3)] == ["reason 8", "reason 9", "reason 11"]


async def test_it_is_verified_beside_whoever_writes_it(store: SqliteState, clock: VirtualClock) -> None:
    beside = SqliteState(store._database._plan.path, SystemClock(), read_only=True)
    try:
        assert (await beside.verify_audit()).rows == ROWS
        await store.commit([ex.act(clock.now())])
        assert (await beside.verify_audit()).rows == ROWS + 1
    finally:
        await beside.close()


@pytest.mark.parametrize("bit", [0x01, 0x80])
async def test_each_byte_of_a_row_that_is_flipped_in_the_file_is_found(
    store: SqliteState, tmp_path: Path, bit: int
) -> None:
    await store.close()
    file = tmp_path / "state.db"
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        body, link = db.execute("SELECT body, hash FROM audit WHERE seq = 7").fetchone()
    db.close()
    good = file.read_bytes()
    cell = f"{body}{link}".encode()
    start, header = good.index(cell), 8  # the record's header and row number stand right before it
    assert good.count(cell) == 1
    missed = []
    for at in range(start - header, start + len(cell)):
        file.write_bytes(good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :])
        looking = SqliteState(file, SystemClock(), read_only=True)
        try:
            if (await looking.verify_audit()).broken is None:
                missed.append(at - start)
        except StoreUnavailable:
            pass  # SQLite itself finds the file damaged
        finally:
            await looking.close()
    assert missed == []
