"""Searches look at a page at a time, so that what must be written never waits long behind one."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.stores import _audit, _state_read
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import VirtualClock
from tests.stores import examples as ex


async def test_incidents_of_a_time_are_found_over_pages(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_state_read, "PAGE_ROWS", 3)
    store = SqliteState(tmp_path / "state.db", clock)
    try:
        now = clock.now()
        assert await store.incidents_between(0, now.wall + 1) == []
        await store.commit([ex.incident(number, now) for number in range(1, 8)])
        found = await store.incidents_between(0, now.wall + 1)
        assert [each.id for each in found] == list(range(1, 8))
    finally:
        await store.close()


async def test_a_search_of_the_audit_ends_where_what_is_wanted_ends(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_audit, "PAGE_ROWS", 2)
    store = SqliteState(tmp_path / "state.db", clock)
    try:
        for number in range(9):
            await store.commit([ex.act(clock.now(), f"act{number}")])
        assert [act.verb for act in await store.audit(3)] == ["act6", "act7", "act8"]
        assert [act.verb for act in await store.audit(100)] == [f"act{n}" for n in range(9)]
    finally:
        await store.close()
