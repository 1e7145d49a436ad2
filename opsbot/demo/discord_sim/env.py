"""simcord's environment in real time.

simcord drives a bot in its own process on virtual time. Here the bots are on the other side of a
socket, so this environment only keeps the world and its people; "settled" means: the interaction was
answered and REST has been quiet for a moment.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import discord

# simcord exports no clock of its own; the pinned version makes the private name safe to use.
from simcord._clock import Clock
from simcord.backend.models import Interaction
from simcord.env import Env

from opsbot.demo.discord_sim.changes import Changes
from opsbot.demo.discord_sim.requests import RequestLog
from opsbot.demo.discord_sim.threads import ThreadingBackend

# https://discord.com/developers/docs/interactions/receiving-and-responding: 3 s for the first answer.
ACK_DEADLINE_SECONDS = 3.0
QUIET_SECONDS = 0.05
QUIET_AT_MOST_SECONDS = 0.5  # a bot that sends all the time is never quiet
SETTLE_SECONDS = 30.0

_IN_A_HURRY: ContextVar[bool] = ContextVar("settled once acknowledged", default=False)


class RealClock(Clock):
    """Wall-clock time; it cannot be advanced."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        raise RuntimeError(f"the simulated Discord runs in real time; cannot advance {seconds} s")


class _EveryConnection(weakref.WeakSet[Any]):
    """Messages of any bot that ever connected belong to this world."""

    def __contains__(self, item: object) -> bool:
        return True


class WireEnv(Env):
    """The world and its people; the bots come and go over the wire.

    `ack_deadline` is how long a bot has for its first answer to an interaction, in seconds.
    """

    backend: ThreadingBackend

    def __init__(self, changes: Changes, requests: RequestLog) -> None:
        # simcord asks the client only for its cache, which stays empty here: messages are rebuilt
        # from the world's own state.
        placeholder = discord.Client(intents=discord.Intents.default())
        super().__init__(placeholder, check_errors=False, settle_timeout=SETTLE_SECONDS)
        self.backend = ThreadingBackend(clock=RealClock())
        self.ack_deadline = ACK_DEADLINE_SECONDS
        self.quiet_for = QUIET_SECONDS
        self._changes = changes
        self._requests = requests
        self._message_states = _EveryConnection()
        self._started = True
        self._generation = 1
        self._asked: weakref.WeakKeyDictionary[asyncio.Task[Any], Interaction] = weakref.WeakKeyDictionary()

    # simcord forbids two operations at once, since on virtual time they would disturb each other.
    # In real time two people may well click at the same moment.
    def _begin_operation(self, label: str) -> None: ...

    def _end_operation(self) -> None: ...

    def _mark_mutation(self) -> None:
        if self._preview is not None:
            self._preview._mark_action_dispatched()

    def _notify_dispatch_observers(self, interaction: Interaction) -> None:
        interaction.initial_response_deadline = self.backend.iso_after(self.ack_deadline)
        if (task := asyncio.current_task()) is not None:
            self._asked[task] = interaction
        super()._notify_dispatch_observers(interaction)

    async def _settle_internal(self, *, dispatch: str | None = None, **_virtual_time: Any) -> None:
        """Wait for the answer to what the calling task just did; never raises for a silent bot."""
        task = asyncio.current_task()
        asked = self._asked.pop(task, None) if task is not None else None
        if asked is not None:
            await self._until(lambda: asked.responded, self.ack_deadline)
        if _IN_A_HURRY.get():
            return
        if asked is not None:
            await self._until(lambda: not asked.loading, self.settle_timeout)
        if dispatch is not None:
            await self._quiet()

    @contextmanager
    def in_a_hurry(self) -> Iterator[None]:
        """Within it, an interaction is settled as soon as it is acknowledged."""
        token = _IN_A_HURRY.set(True)
        try:
            yield
        finally:
            _IN_A_HURRY.reset(token)

    async def _until(self, predicate: Any, seconds: float) -> None:
        try:
            await self._changes.wait_for(predicate, seconds)
        except TimeoutError:
            return

    async def _quiet(self) -> None:
        """Until no request is open and none came for `quiet_for`, within a bound."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + QUIET_AT_MOST_SECONDS
        seen = -1
        while (seen != self._requests.arrivals or self._requests.in_flight) and loop.time() < deadline:
            seen = self._requests.arrivals
            await asyncio.sleep(self.quiet_for)
