"""The state store that a contract is about: each kind of it, opened again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from opsbot.clock import Clock
from opsbot.stores.base import StateStore
from opsbot.stores.journal import Journal
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_state import SqliteState
from opsbot.testing import MemoryDisk, MemoryState, VirtualClock

Opener = Callable[[Clock], StateStore]


@pytest.fixture(params=["sqlite", "memory", "resilient"])
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the same storage again and again, as opsbot does when it is started again."""
    disk = MemoryDisk()

    def sqlite(clock: Clock) -> SqliteState:
        return SqliteState(tmp_path / "state.db", clock)

    kinds: dict[str, Opener] = {
        "sqlite": sqlite,
        "memory": lambda clock: MemoryState(clock, disk),
        "resilient": lambda clock: ResilientState(sqlite(clock), Journal(tmp_path / "j.jsonl"), clock),
    }
    async with AsyncExitStack() as stack:

        def open_one(clock: Clock) -> StateStore:
            store = kinds[request.param](clock)
            stack.push_async_callback(store.close)
            return store

        yield open_one


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(opener: Opener, clock: VirtualClock) -> StateStore:
    return opener(clock)
