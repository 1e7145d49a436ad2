"""Between what is to be told and those who tell it: order, repetition, retry, collapse.

A row says only that a notifier must be told of an incident; what is told is the incident as it is at that
moment. So rows of one incident that wait together are told once, in the final state. A row leaves only when
its delivery is committed: after a crash it is delivered again (at least once), to Discord with the same
nonce.
The state directory's lock makes this process the only one that delivers: rows need no lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite

import structlog

from opsbot.clock import Clock
from opsbot.domain.incident import Incident
from opsbot.domain.notice import Notice, NoticeKind, Receipt, Telling
from opsbot.engine.inputs import Delivered
from opsbot.engine.state import State
from opsbot.errors import DeliveryError, OpsbotError
from opsbot.notifiers.base import Notifier
from opsbot.runtime.waiting import wait_until, within
from opsbot.stores.base import StateStore

BACKOFF_FIRST = 1.0
BACKOFF_MAX = 60.0
"""Seconds between tries of one incident: doubling from the first to the maximum."""

SHORTEST = 0.1
"""Seconds that even a receiver who wishes for less is left alone."""

DELIVERY_TIMEOUT = 30.0
"""Seconds after which one try counts as failed."""

EDIT_EVERY = 1.0
"""Seconds between two edits of one incident at one notifier; loud notices never wait."""

LATE = 60.0
"""Seconds of delay that a message mentions."""

_STRENGTH = [NoticeKind.CHANGED, NoticeKind.RESOLVED, NoticeKind.ESCALATED, NoticeKind.OPENED]

log = structlog.get_logger("opsbot.outbox")


@dataclass(slots=True)
class _Lane:
    """How the deliveries of one incident to one notifier stand."""

    attempts: int = 0
    not_before: float = 0.0
    last_sent: float = float("-inf")


@dataclass(slots=True)
class Outbox:
    """Delivers the pending notices of `state`."""

    state: State
    store: StateStore
    notifiers: Mapping[str, Notifier]
    clock: Clock
    done: Callable[[Delivered], Awaitable[object]]
    _wake: dict[str, asyncio.Event] = field(default_factory=dict)
    _lanes: dict[tuple[str, int], _Lane] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._wake = {name: asyncio.Event() for name in self.notifiers}

    def wake(self) -> None:
        """There is something new to tell, or a notifier works again."""
        for event in self._wake.values():
            event.set()

    def retry_now(self, notifier: str) -> None:
        """A notifier works again: nothing waits for its backoff any longer."""
        for (name, _), lane in self._lanes.items():
            if name == notifier:
                lane.attempts, lane.not_before = 0, 0.0
        if notifier in self._wake:
            self._wake[notifier].set()

    async def run(self) -> None:
        """Delivers until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for name in self.notifiers:
                workers.create_task(self._work(name))

    async def _work(self, name: str) -> None:
        while True:
            self._wake[name].clear()
            now = self.clock.now().mono
            due, batch = self._next(name, now)
            if batch and due <= now:
                await self._deliver(name, batch)
            else:
                await wait_until(self._wake[name], self.clock, due - now if batch else None)

    def _next(self, name: str, now: float) -> tuple[float, list[Notice]]:
        """The group of notices (all of one incident) that is to be told next, and when: of those that are
        due a loud one first, so that no alert queues behind edits."""
        groups: dict[int, list[Notice]] = {}
        for notice in self.state.notices.values():
            if notice.notifier == name:
                groups.setdefault(notice.incident, []).append(notice)
        found = [(self._due(name, incident, notices), notices) for incident, notices in groups.items()]
        if not found:
            return 0.0, []
        return min(found, key=lambda f: (max(f[0], now), -_STRENGTH.index(strongest(f[1])), f[0]))

    def _due(self, name: str, incident: int, notices: list[Notice]) -> float:
        lane = self._lanes.get((name, incident), _Lane())
        due = max(lane.not_before, min(n.due.mono for n in notices))
        if strongest(notices) is NoticeKind.CHANGED:
            due = max(due, lane.last_sent + EDIT_EVERY)
        return due

    async def _deliver(self, name: str, batch: list[Notice]) -> None:
        """One try. Whatever breaks in it, this worker goes on with the next incident."""
        key = (name, batch[0].incident)
        lane = self._lanes.setdefault(key, _Lane())
        ids = tuple(n.id for n in batch)
        try:
            await self._try(name, batch, ids, lane)
        except DeliveryError as error:
            await self._failed(name, lane, ids, error)
        except TimeoutError:
            await self._failed(name, lane, ids, DeliveryError("no answer in time", permanent=False))
        except OpsbotError as error:  # the store: nothing can be read, or nothing recorded
            await self._failed(name, lane, ids, DeliveryError(str(error), permanent=False))
        except Exception as broken:  # a broken notifier must not stop the others, and its row waits
            log.exception("notifier broke", notifier=name)
            await self._failed(name, lane, ids, DeliveryError(repr(broken), permanent=False))
        if self._over(*key):
            self._lanes.pop(key, None)

    def _over(self, name: str, number: int) -> bool:
        """Nothing more is to be expected of an incident."""
        incident = self.state.incidents.get(number)
        if incident is not None and incident.live:
            return False
        return not any((n.notifier, n.incident) == (name, number) for n in self.state.notices.values())

    async def _try(self, name: str, batch: list[Notice], ids: tuple[int, ...], lane: _Lane) -> None:
        incident = await self._incident(batch[0].incident)
        if incident is None:
            await self.done(Delivered(ids, dead="the incident is not stored any more"))
            return
        telling = self._telling(name, batch, incident)
        receipt = await within(self.notifiers[name].deliver(telling), self.clock, DELIVERY_TIMEOUT)
        lane.last_sent = self.clock.now().mono
        await self.done(Delivered(ids, receipt))
        lane.attempts, lane.not_before = 0, 0.0

    async def _incident(self, number: int) -> Incident | None:
        return self.state.incidents.get(number) or await self.store.incident(number)

    def _telling(self, name: str, batch: list[Notice], incident: Incident) -> Telling:
        loudest = max(batch, key=lambda n: _STRENGTH.index(n.kind))
        late = self.clock.now().since(loudest.created)
        receipt: Receipt | None = self.state.receipts.get((name, incident.id))
        return Telling(loudest, incident, receipt, late if late > LATE else 0.0)

    async def _failed(self, name: str, lane: _Lane, ids: tuple[int, ...], error: DeliveryError) -> None:
        if error.permanent and await self._given_up(name, ids, error):
            lane.attempts, lane.not_before = 0, 0.0
            return
        delay = _delay(error, lane.attempts)
        lane.attempts += 1
        lane.not_before = self.clock.now().mono + delay
        log.warning("notice waits", notifier=name, seconds=delay, reason=str(error), attempt=lane.attempts)

    async def _given_up(self, name: str, ids: tuple[int, ...], error: DeliveryError) -> bool:
        log.error("notice given up", notifier=name, reason=str(error))
        try:
            await self.done(Delivered(ids, dead=str(error)))
        except Exception:  # not recorded, so not done: the row waits like any other
            log.exception("not recorded", notifier=name)
            return False
        return True


def _delay(error: DeliveryError, attempts: int) -> float:
    """Seconds until the next try: the receiver's own wish, if it is one, else doubling."""
    wish = error.retry_after
    if wish is not None and isfinite(wish):
        return max(SHORTEST, wish)
    return min(BACKOFF_MAX, BACKOFF_FIRST * 2.0 ** min(attempts, 32))


def strongest(notices: list[Notice]) -> NoticeKind:
    """The loudest kind among notices of one incident."""
    return max((n.kind for n in notices), key=_STRENGTH.index)
