"""What opsbot has for as long as it runs, whatever its settings are: the state directory with its files, the
clock, the log feeds, and the adapters that a reload left as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from opsbot import redact
from opsbot.clock import Clock
from opsbot.config.settings import Settings
from opsbot.logs.files import FileLogFeeds
from opsbot.probes.base import Probe
from opsbot.runtime.beat_file import NAME as BEATS_NAME
from opsbot.runtime.beats import Beats
from opsbot.runtime.core import Runtime
from opsbot.stores.base import MetricsStore, StateKeeper
from opsbot.stores.folders import Folders
from opsbot.stores.journal import JOURNAL_NAME, Journal
from opsbot.stores.lock import StateLock
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_metrics import METRICS_NAME, SqliteMetrics
from opsbot.stores.sqlite_state import STATE_NAME, SqliteState

T = TypeVar("T", bound="Closes")

Probes = Callable[[Settings], Sequence[Probe]]

LOCK_PATIENCE = 2.0
"""Seconds that `run` waits for a command that holds the state directory for a moment."""

CLOSE_PATIENCE = 1.0
"""Seconds that an adapter which is not needed any more has to let go."""

log = structlog.get_logger("opsbot.reload")


class Closes(Protocol):
    """An adapter."""

    async def close(self) -> None:
        """Lets go of what it holds."""


class Pool:
    """Adapters by their place in the configuration. One whose settings did not change is kept over a reload
    with all that it knows: a check its baselines, a notifier its connection, a supervisor its keepers."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], tuple[Any, Closes]] = {}
        self._new: dict[tuple[str, ...], tuple[Any, Closes]] = {}

    def get(self, place: tuple[str, ...], made_of: Any, make: Callable[[], T]) -> T:
        """The adapter at a place, made anew when it is to be made of something else."""
        old = self._kept.get(place)
        made: Any = old[1] if old is not None and old[0] == made_of else make()
        self._new[place] = (made_of, made)
        found: T = made
        return found

    async def turn(self) -> None:
        """What was asked for since the last turn is in use; the rest is closed."""
        old, self._kept, self._new = self._kept, self._new, {}
        await self._close(old, self._kept)

    async def close(self) -> None:
        """All are closed."""
        await self.turn()
        await self.turn()

    async def back(self) -> None:
        """What was asked for since the last turn is not wanted: what was made anew for it is closed."""
        new, self._new = self._new, {}
        await self._close(new, self._kept)

    @staticmethod
    async def _close(
        some: Mapping[tuple[str, ...], tuple[Any, Closes]], but: Mapping[tuple[str, ...], tuple[Any, Closes]]
    ) -> None:
        used = {id(adapter) for _, adapter in but.values()}
        await asyncio.gather(*(_closed(adapter) for _, adapter in some.values() if id(adapter) not in used))


async def _closed(adapter: Closes) -> None:
    try:
        async with asyncio.timeout(CLOSE_PATIENCE):
            await adapter.close()
    except Exception:
        log.warning("not closed cleanly", exc_info=True)


@dataclass(slots=True)
class House:
    """`ports`: what the composition root gives to single kinds of notifiers; `probes`: of opsbot's own way to
    Discord. `runtime`: the present one, once there is one; adapters ask it through here, for they may outlive
    it. `rest`: what is undone at the end."""

    state_dir: Path
    clock: Clock
    ports: Mapping[str, Any]
    probes: Probes
    store: StateKeeper
    metrics: MetricsStore
    feeds: FileLogFeeds
    folders: Folders
    beats: Beats
    rest: AsyncExitStack
    pool: Pool = field(default_factory=Pool)
    _runtime: Runtime | None = None
    _secrets: set[str] = field(default_factory=set)

    def hide(self, settings: Settings) -> None:
        """The secrets of these settings are hidden for as long as the house stands."""
        fresh = {secret.get_secret_value() for secret in settings.secrets} - self._secrets
        if fresh:
            self.rest.enter_context(redact.hidden(fresh))
            self._secrets |= fresh

    @property
    def runtime(self) -> Runtime:
        """The present runtime."""
        assert self._runtime is not None
        return self._runtime

    @runtime.setter
    def runtime(self, runtime: Runtime) -> None:
        self._runtime = runtime


@asynccontextmanager
async def housed(
    state_dir: Path, clock: Clock, ports: Mapping[str, Any], probes: Probes
) -> AsyncIterator[House]:
    """Holds the state directory while the context lasts.

    Raises:
        UsageError: it is held by another opsbot, or cannot be used.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(StateLock.hold(state_dir, patience=LOCK_PATIENCE))
        store = ResilientState(
            SqliteState(state_dir / STATE_NAME, clock), Journal(state_dir / JOURNAL_NAME), clock
        )
        stack.push_async_callback(store.close)
        metrics = SqliteMetrics(state_dir / METRICS_NAME, clock)
        stack.push_async_callback(metrics.close)
        feeds = FileLogFeeds(clock)
        stack.push_async_callback(feeds.close)
        beats = Beats(state_dir / BEATS_NAME, clock)
        await asyncio.to_thread(beats.load)
        yield House(state_dir, clock, ports, probes, store, metrics, feeds, Folders(state_dir), beats, stack)
