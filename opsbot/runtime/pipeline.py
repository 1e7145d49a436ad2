"""The single writer of state: inputs one by one are decided, committed, applied; only then things happen."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from opsbot.clock import Clock
from opsbot.domain.change import Change
from opsbot.engine.draft import Effect
from opsbot.engine.inputs import Input, Tick
from opsbot.engine.state import State
from opsbot.engine.step import Step, next_due, resume, step
from opsbot.runtime.waiting import wait_until
from opsbot.stores.base import StateStore

BOUND = 10_000
"""Inputs that may wait; whoever posts more waits itself (backpressure, nothing is dropped)."""

log = structlog.get_logger("opsbot.pipeline")

Listener = Callable[[Sequence[Change], Sequence[Effect]], None]


class Pipeline:
    """Owns `state`. Everybody else posts inputs, or reads."""

    def __init__(self, state: State, store: StateStore, clock: Clock) -> None:
        self.state = state
        self._store = store
        self._clock = clock
        self._waiting: deque[tuple[Input, asyncio.Future[Step] | None]] = deque()
        self._arrived = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()
        self._listeners: list[Listener] = []
        self._due_known = False
        self._due: float | None = None

    def listen(self, listener: Listener) -> None:
        """`listener(changes, effects)` is called after each commit, in the order of registration."""
        self._listeners.append(listener)

    async def post(self, given: Input) -> None:
        """Hands an input over; returns when it is queued."""
        while len(self._waiting) >= BOUND:
            self._space.clear()
            await self._space.wait()
        self._waiting.append((given, None))
        self._arrived.set()

    async def ask(self, given: Input) -> Step:
        """Hands an input over and returns what was decided, when it is durable.

        Raises:
            Refused: the engine said no.
        """
        future: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._waiting.append((given, future))
        self._arrived.set()
        decided = await future
        if decided.refusal is not None:
            raise decided.refusal
        return decided

    async def run(self) -> None:
        """Works until cancelled."""
        await self._finish(resume(self.state, self._clock.now()))
        while True:
            await self._next()
            while self._waiting:
                given, future = self._waiting.popleft()
                self._space.set()
                await self._take(given, future)

    async def _next(self) -> None:
        self._arrived.clear()
        if self._waiting:
            return
        if not await wait_until(self._arrived, self._clock, self._seconds_until_due()):
            self._due_known = False
            await self._take(Tick(), None)

    def _seconds_until_due(self) -> float | None:
        now = self._clock.now()
        if not self._due_known:
            due = next_due(self.state, now)
            self._due = due.mono if due is not None else None
            self._due_known = True
        return None if self._due is None else max(0.0, self._due - now.mono)

    async def _take(self, given: Input, future: asyncio.Future[Step] | None) -> None:
        decided = step(self.state, given, self._clock.now())
        if decided.due_changed:
            self._due_known = False
        await self._finish(decided)
        if future is not None and not future.done():
            future.set_result(decided)

    async def _finish(self, decided: Step) -> None:
        if decided.changes:
            await self._store.commit(decided.changes)
            self.state.apply(decided.changes)
        if decided.changes or decided.effects:
            for listener in self._listeners:
                listener(decided.changes, decided.effects)
