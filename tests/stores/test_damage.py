"""A damaged file is put aside under a name that says so, and what can be read of it is kept."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Sample
from opsbot.errors import StoreUnavailable
from opsbot.stores import sqlite_metrics
from opsbot.stores._rescue import fresh_ids
from opsbot.stores.journal import Journal
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_metrics import SqliteMetrics
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import VirtualClock
from tests.stores import examples as ex

PAGE = 4096

Damage = Callable[[Path], None]


def garbage(path: Path) -> None:
    path.write_bytes(b"this was never a database\n" * 400)


def short_garbage(path: Path) -> None:
    path.write_bytes(b"\x7fELF")


def truncated_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def truncated_half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 // PAGE * PAGE])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def bad_page(path: Path) -> None:
    """One page of the timeline in the middle of the file."""
    data = bytearray(path.read_bytes())
    page = data.index(b"line 700") // PAGE
    data[page * PAGE : page * PAGE + PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)


def zero_schema(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:PAGE] = bytes(PAGE - 100)
    path.write_bytes(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def store(path: Path, clock: VirtualClock) -> AsyncIterator[SqliteState]:
    """Opened after 40 incidents, a stopped target and 1,000 lines of a timeline were written."""
    old = SqliteState(path, clock)
    now = clock.now()
    await old.commit([ex.incident(number, now) for number in range(1, 41)])
    await old.commit([ex.desired(now), *[ex.act(now) for _ in range(5)]])
    await old.commit([ex.said(1, now, f"line {number}") for number in range(1000)])
    await old.close()
    made = SqliteState(path, clock)
    yield made
    await made.close()


@pytest.mark.parametrize(
    "damage", [garbage, short_garbage, truncated_header, truncated_half, bad_page, zero_schema, emptied]
)
async def test_a_damaged_file_is_put_aside_and_a_new_one_works(
    store: SqliteState, path: Path, clock: VirtualClock, damage: Damage
) -> None:
    damage(path)
    broken = path.read_bytes()
    loaded = await store.load()
    assert store.quarantined is not None
    assert re.fullmatch(r"state\.db\.corrupt-20260105T150400Z", store.quarantined.name)
    assert store.quarantined.read_bytes() == broken
    assert loaded.next_incident > 40  # a number in an old message means no other incident
    await store.commit([ex.incident(loaded.next_incident, clock.now())])
    again = SqliteState(path, clock)
    assert (await again.load()).next_incident == loaded.next_incident + 1
    assert again.quarantined is None
    await again.close()


@pytest.mark.parametrize("seed", range(20))
async def test_random_bytes_at_random_places_are_mended_or_harmless(
    store: SqliteState, path: Path, clock: VirtualClock, seed: int
) -> None:
    """Whatever is hit: opsbot works on, no number is given twice, a file that was put aside is as it was."""
    random = Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(random.choice([1, 5, 50])):
        at = random.randrange(len(data))
        data[at : at + 64] = random.randbytes(min(64, len(data) - at))
    path.write_bytes(data)
    state = ResilientState(store, Journal(path.parent / "journal.jsonl"), clock)
    loaded = await state.load()
    assert loaded.next_incident > 40
    await state.commit([ex.incident(loaded.next_incident, clock.now())])
    assert await state.recover()
    assert state.degraded is None
    if state.quarantined is not None:
        assert state.quarantined.read_bytes() == data
    again = SqliteState(path, clock)
    assert (await again.load()).next_incident == loaded.next_incident + 1
    await again.close()


async def test_a_file_that_was_never_finished_is_no_damage(path: Path, clock: VirtualClock) -> None:
    Path(f"{path}.new").write_bytes(b"half")
    store = SqliteState(path, clock)
    assert (await store.load()).next_incident == 1
    assert store.quarantined is None
    assert not Path(f"{path}.new").exists()
    await store.close()


async def test_of_one_bad_page_only_its_table_suffers(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    bad_page(path)
    loaded = await store.load()
    assert len(loaded.incidents) == 40
    assert loaded.desired == [ex.desired(clock.now())]
    assert loaded.next_incident == 41
    lines = [entry.text for entry in await store.timeline(1)]
    assert lines == [f"line {number}" for number in range(len(lines))]
    assert 300 < len(lines) < 1000
    assert len(await store.audit(10)) == 5
    assert (await store.verify_audit()).broken is None


async def test_a_file_of_which_nothing_can_be_read_gives_numbers_nobody_had(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    garbage(path)
    assert await store.load() == fresh_ids(clock.now().wall)


async def test_two_damaged_files_in_one_second_are_both_kept(path: Path, clock: VirtualClock) -> None:
    for _ in range(2):
        garbage(path)
        store = SqliteState(path, clock)
        await store.load()
        await store.close()
    names = sorted(file.name for file in path.parent.glob("*.corrupt-*"))
    assert names == ["state.db.corrupt-20260105T150400Z", "state.db.corrupt-20260105T150400Z-1"]


async def test_a_rescue_that_was_interrupted_is_begun_again(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    bad_page(path)
    Path(f"{path}.rescue").write_bytes(b"half")
    assert len((await store.load()).incidents) == 40
    assert sorted(file.name for file in path.parent.glob("*.rescue*")) == []


async def test_a_rescue_that_was_interrupted_before_its_last_step_is_finished(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    path.rename(f"{path}.rescue")  # the damaged one is put aside already
    assert len((await store.load()).incidents) == 40


async def test_what_belongs_to_the_damaged_file_goes_with_it(path: Path, clock: VirtualClock) -> None:
    garbage(path)
    Path(f"{path}-wal").write_bytes(b"not a log")
    store = SqliteState(path, clock)
    await store.commit([ex.incident(1, clock.now())])
    assert store.quarantined is not None
    assert Path(f"{store.quarantined}-wal").read_bytes() == b"not a log"
    await store.close()


async def test_a_file_replaced_by_garbage_while_opsbot_runs_is_noticed_at_the_next_commit(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    await store.commit([ex.incident(41, clock.now())])
    path.unlink()
    garbage(path)
    await store.commit([ex.incident(42, clock.now())])
    assert store.quarantined is not None
    assert [each.id for each in (await store.load()).incidents] == [42]


async def test_damage_met_while_running_is_told_and_mended_at_the_next_commit(
    store: SqliteState, path: Path, clock: VirtualClock
) -> None:
    await store._database.read(lambda db: db.execute("PRAGMA cache_size = 0").fetchone())
    await store.commit([ex.incident(41, clock.now())])
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    other.close()
    bad_page(path)
    with pytest.raises(StoreUnavailable, match="damaged"):
        await store.timeline(1)
    await store.commit([ex.incident(42, clock.now())])
    assert store.quarantined is not None
    assert (await store.load()).next_incident == 43


async def test_a_row_that_cannot_be_read_is_passed_over(
    store: SqliteState, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    spoil = "UPDATE incidents SET body = '{\"id\": 7}' WHERE id = 7"
    await store._database.write(lambda db: db.execute(spoil).rowcount)
    loaded = await store.load()
    assert len(loaded.incidents) == 39
    assert "incidents" in caplog.text


async def test_fields_of_a_newer_opsbot_are_ignored_and_missing_ones_have_their_defaults(
    store: SqliteState, clock: VirtualClock
) -> None:
    other = "json_remove(json_set(body, '$.colour', 'red'), '$.doing', '$.version')"
    change = f"UPDATE incidents SET body = {other} WHERE id = 7"
    await store._database.write(lambda db: db.execute(change).rowcount)
    assert await store.incident(7) == ex.incident(7, clock.now())


async def test_damaged_metrics_are_put_aside_too(tmp_path: Path, clock: VirtualClock) -> None:
    garbage(tmp_path / "metrics.db")
    metrics = SqliteMetrics(tmp_path / "metrics.db", clock)
    assert await metrics.names("bot") == []
    assert metrics.quarantined == tmp_path / "metrics.db.corrupt-20260105T150400Z"
    await metrics.close()


async def test_damage_in_a_big_history_that_was_not_checked_is_mended_when_it_is_met(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_metrics, "_CHECK_UP_TO", 0)
    path, metrics = tmp_path / "metrics.db", SqliteMetrics(tmp_path / "metrics.db", clock)
    names = {f"metric_{number}": 1.0 for number in range(2000)}
    await metrics.append([Sample("bot", "process", clock.now(), Outcome.OK, metrics=names)])
    await metrics.close()
    data = bytearray(path.read_bytes())
    data[PAGE * 2 :] = b"\xa5" * (len(data) - PAGE * 2)
    path.write_bytes(data)
    with pytest.raises(StoreUnavailable, match="damaged"):
        await metrics.names("bot")
    assert metrics.quarantined is None
    await metrics.append([Sample("bot", "process", clock.now(), Outcome.OK, metrics={"threads": 1.0})])
    assert await metrics.names("bot") == ["threads"]
    await metrics.close()
