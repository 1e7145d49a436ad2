"""The single writer of state: inputs one by one are decided, committed, applied; only then things happen.

Nothing here awaits anybody who may await the pipeline: the store is all it waits for. What breaks in one
decision, one commit or one listener is logged and costs that one input, never the watching.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from opsbot.clock import Clock
from opsbot.domain.change import Change
from opsbot.domain.moment import Moment
from opsbot.engine.draft import Effect
from opsbot.engine.inputs import Input, Tick
from opsbot.engine.resuming import resume
from opsbot.engine.state import State
from opsbot.engine.step import Step, next_due, step
from opsbot.errors import Stopping, StoreUnavailable
from opsbot.runtime.waiting import wait_until
from opsbot.stores.base import StateStore

BOUND = 10_000
"""Inputs that may wait; whoever posts more waits itself (backpressure, nothing is dropped)."""

TURN = 20
"""Inputs decided in one go, before others on the event loop have their turn and time is looked at."""

TICK_GAP = 0.02
"""Seconds between two looks at what time has made due: whatever asks for one in vain costs no busy loop."""

RETRY_FIRST = 1.0
RETRY_MAX = 30.0
"""Seconds between tries of a commit that the store cannot take: doubling from the first to the maximum."""

log = structlog.get_logger("opsbot.pipeline")

Listener = Callable[[Sequence[Change], Sequence[Effect]], None]
Waiting = tuple[Input | None, asyncio.Future[Step] | None]


class Pipeline:
    """Owns `state`. Everybody else posts inputs, or reads. `opening`: what is decided before any input."""

    def __init__(self, state: State, store: StateStore, clock: Clock) -> None:
        self.state = state
        self._store = store
        self._clock = clock
        self._waiting: deque[Waiting] = deque()
        self._asked: set[asyncio.Future[Step]] = set()
        self._arrived = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()
        self._listeners: list[Listener] = []
        self._due_known = False
        self._due: float | None = None
        self._ticked = float("-inf")
        self._halting = self._ended = False
        self._over = asyncio.Event()
        self.opening: Callable[[State, Moment], Step] = resume

    def listen(self, listener: Listener) -> None:
        """`listener(changes, effects)` is called after each commit, in the order of registration."""
        self._listeners.append(listener)

    @property
    def queued(self) -> int:
        """Inputs that are not decided yet."""
        return len(self._waiting)

    async def post(self, given: Input) -> None:
        """Hands an input over; returns when it is queued. After the pipeline's end it goes nowhere: what
        is posted are observations, which the next start makes anew."""
        while len(self._waiting) >= BOUND and not self._ended:
            self._space.clear()
            await self._space.wait()
        if not self._ended:
            self._waiting.append((given, None))
            self._arrived.set()

    async def ask(self, given: Input) -> Step:
        """Hands an input over and returns what was decided, when it is durable.

        Raises:
            Refused: the engine said no.
            Stopping: the pipeline ended before it was decided (or, of a commit under way, known).
        """
        decided = await self._answer(given)
        if decided.refusal is not None:
            raise decided.refusal
        return decided

    async def caught_up(self) -> None:
        """Returns when all that was handed over before is decided (at once after the pipeline's end)."""
        try:
            await self._answer(None)
        except Stopping:
            return

    async def _answer(self, given: Input | None) -> Step:
        if self._ended:
            raise Stopping("opsbot is stopping: ask again when it runs.")
        future: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._asked.add(future)
        future.add_done_callback(self._asked.discard)
        self._waiting.append((given, future))
        self._arrived.set()
        return await future

    async def halt(self) -> None:
        """Ends `run` when all that waits now is decided: between two inputs, so that memory and file say the
        same, and what was not decided can be asked of a successor."""
        await self.caught_up()
        self._halting = True
        self._arrived.set()
        await self._over.wait()

    async def run(self) -> None:
        """Works until cancelled, or halted. Whoever still waits for an answer then is told so."""
        try:
            await self._guarded(lambda: self.opening(self.state, self._clock.now()), None)
            while not self._halting:
                await self._next()
                await self._take_turn()
                await asyncio.sleep(0)
        finally:
            self._end()

    def _end(self) -> None:
        self._ended = True
        self._over.set()
        self._waiting.clear()
        self._space.set()
        for future in list(self._asked):
            if not future.done():
                future.set_exception(Stopping("opsbot is stopping: it may not have been decided."))

    async def _next(self) -> None:
        """Waits for an input, or until something is due, which is decided before any input that waits."""
        self._arrived.clear()
        seconds = self._seconds_until_due()
        if self._waiting and (seconds is None or seconds > 0):
            return
        if seconds == 0.0 or not (await wait_until(self._arrived, self._clock, seconds) or self._halting):
            self._due_known, self._ticked = False, self._clock.now().mono
            await self._take(Tick(), None)

    def _seconds_until_due(self) -> float | None:
        now = self._clock.now()
        if not self._due_known:
            self._due, self._due_known = self._look_ahead(now), True
        return None if self._due is None else max(0.0, max(self._due, self._ticked + TICK_GAP) - now.mono)

    def _look_ahead(self, now: Moment) -> float | None:
        try:
            due = next_due(self.state, now)
        except Exception:  # then time is looked at now and then, and inputs are decided as ever
            log.exception("what is due cannot be told")
            return now.mono + RETRY_MAX
        return None if due is None else due.mono

    async def _take_turn(self) -> None:
        for _ in range(min(TURN, len(self._waiting))):
            given, future = self._waiting.popleft()
            self._space.set()
            await self._take(given, future)

    async def _take(self, given: Input | None, future: asyncio.Future[Step] | None) -> None:
        if given is None:
            _give(future, Step([], []))
        else:
            await self._guarded(lambda: step(self.state, given, self._clock.now()), future, given)

    async def _guarded(
        self, decide: Callable[[], Step], future: asyncio.Future[Step] | None, given: Input | None = None
    ) -> None:
        """Decides, commits, applies and tells. What breaks costs this one input."""
        try:
            decided = decide()
            self._due_known = self._due_known and not decided.due_changed
            await self._finish(decided)
        except Exception as broken:
            log.exception("not decided", input=type(given).__name__)
            self._due_known = False
            if future is not None and not future.done():
                future.set_exception(broken)
        else:
            _give(future, decided)

    async def _finish(self, decided: Step) -> None:
        if decided.changes:
            await self._commit(decided.changes)
            self.state.apply(decided.changes)
        if decided.changes or decided.effects:
            for listener in self._listeners:
                _tell(listener, decided)

    async def _commit(self, changes: Sequence[Change]) -> None:
        """Until the store takes it: the one that is used in earnest goes on from memory instead of refusing,
        so this waits only where nothing else stands between."""
        delay = 0.0
        while True:
            try:
                await self._store.commit(changes)
            except StoreUnavailable as error:
                if not delay:
                    log.error("decisions wait for their store", reason=str(error))
                delay = min(RETRY_MAX, delay * 2.0 or RETRY_FIRST)
                await self._clock.sleep(delay)
            else:
                return


def _give(future: asyncio.Future[Step] | None, decided: Step) -> None:
    if future is not None and not future.done():
        future.set_result(decided)


def _tell(listener: Listener, decided: Step) -> None:
    try:
        listener(decided.changes, decided.effects)
    except Exception:  # what is decided stays decided, and the other listeners hear of it
        log.exception("a listener broke")
