"""Between what is to be told and those who tell it: order, repetition, retry, collapse.

A row says only that a notifier must be told of an incident; what is told is the incident as it is at that
moment. So rows of one incident that wait together are told once, in the final state. A row leaves only when
its delivery is committed: after a crash it is delivered again (at least once), to Discord with the same
nonce.
The state directory's lock makes this process the only one that delivers: rows need no lease.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from math import inf

import structlog

from opsbot.clock import Clock
from opsbot.domain.incident import Incident
from opsbot.domain.notice import Notice, Receipt, Telling
from opsbot.engine.inputs import Delivered, Stuck
from opsbot.engine.state import State
from opsbot.errors import DeliveryError, OpsbotError
from opsbot.notifiers.base import Notifier
from opsbot.runtime.desk import Desk, Manners
from opsbot.runtime.pulse import Pulse
from opsbot.runtime.tally import Tally
from opsbot.runtime.waiting import wait_until, within
from opsbot.stores.base import StateStore

DELIVERY_TIMEOUT = 30.0
"""Seconds after which one try counts as failed."""

LATE = 60.0
"""Seconds of delay that a message mentions."""

EXPIRES = 86_400.0
"""Seconds after which nobody who does not know of it need be told any more of what is over."""

log = structlog.get_logger("opsbot.outbox")


@dataclass(slots=True)
class Outbox:
    """Delivers the pending notices of `state`. `manners`: by notifier, how it may be used."""

    state: State
    store: StateStore
    notifiers: Mapping[str, Notifier]
    clock: Clock
    done: Callable[[Delivered | Stuck], Awaitable[object]]
    manners: Mapping[str, Manners] = field(default_factory=dict)
    jitter: Callable[[], float] = random.random
    tally: Tally = field(default_factory=Tally)
    pulse: Pulse = field(default_factory=Pulse)
    _wake: dict[str, asyncio.Event] = field(default_factory=dict)
    _desks: dict[str, Desk] = field(default_factory=dict)
    _delivering: set[str] = field(default_factory=set)
    _held: bool = False
    _quiet: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._wake = {name: asyncio.Event() for name in self.notifiers}

    def wake(self) -> None:
        """There is something new to tell, or a notifier works again."""
        for event in self._wake.values():
            event.set()

    def retry_now(self, notifier: str) -> None:
        """A notifier works again: nothing waits for its backoff any longer."""
        if notifier in self._desks:
            self._desks[notifier].works_again()
        if notifier in self._wake:
            self._wake[notifier].set()

    def desk(self, name: str) -> Desk:
        """The part of one notifier."""
        if name not in self._desks:
            manners = self.manners.get(name, Manners())
            self._desks[name] = Desk(name, self.state.waiting, self.state.incidents, manners)
        return self._desks[name]

    async def run(self) -> None:
        """Delivers until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for name in self.notifiers:
                workers.create_task(self._work(self.desk(name)))

    async def _work(self, desk: Desk) -> None:
        wake = self._wake[desk.name]
        while True:
            wake.clear()
            now = self.clock.now().mono
            due, incident = desk.next(now)
            if incident is not None and due <= now and not self._held:
                self._delivering.add(desk.name)
                self.pulse.next(f"outbox of {desk.name}", now + DELIVERY_TIMEOUT)
                await self._deliver(desk, incident)
                self._delivering.discard(desk.name)
                if not self._delivering:
                    self._quiet.set()
            else:
                idle = incident is None or self._held
                self.pulse.next(f"outbox of {desk.name}", inf if idle else due)
                await wait_until(wake, self.clock, None if idle else due - now)

    async def hold(self, patience: float) -> bool:
        """Begins no more deliveries, and waits `patience` seconds for those under way to end; returns whether
        they did."""
        self._held = True
        if not self._delivering:
            return True
        self._quiet.clear()
        return await wait_until(self._quiet, self.clock, patience)

    async def _deliver(self, desk: Desk, number: int) -> None:
        """One try. Whatever breaks in it, this worker goes on with the next incident."""
        rows = desk.rows_now(number, self.clock.now().mono)
        try:
            await self._try(desk, rows)
        except DeliveryError as error:
            await self._failed(desk, rows, error)
        except TimeoutError:
            await self._failed(desk, rows, DeliveryError("no answer in time", permanent=False))
        except OpsbotError as error:  # the store: nothing can be read, or nothing recorded
            await self._failed(desk, rows, DeliveryError(str(error), permanent=False))
        except Exception as broken:  # a broken notifier must not stop the others, and its row waits
            log.exception("notifier broke", notifier=desk.name)
            await self._failed(desk, rows, DeliveryError(repr(broken), permanent=False))
        if self._over(desk, number):
            desk.forget(number)

    def _over(self, desk: Desk, number: int) -> bool:
        """Nothing more is to be expected of an incident."""
        incident = self.state.incidents.get(number)
        return (incident is None or not incident.live) and not desk.rows(number)

    async def _try(self, desk: Desk, rows: list[Notice]) -> None:
        ids = tuple(row.id for row in rows)
        incident = await self._incident(rows[0].incident)
        if incident is None:
            await self.done(Delivered(ids, dead="the incident is not stored any more", expired=True))
            return
        telling = self._telling(desk.name, rows, incident)
        if telling.receipt is None and self._is_old(incident):
            await self.done(Delivered(ids, dead="it has been over for a day", expired=True))
            return
        if desk.gate.gone:
            raise DeliveryError(desk.gate.gone, permanent=True, gone=True)
        desk.goes(rows, again=telling.receipt is not None, now=self.clock.now().mono)
        receipt = await within(self.notifiers[desk.name].deliver(telling), self.clock, DELIVERY_TIMEOUT)
        now = self.clock.now().mono
        desk.arrived(incident, rows, now)
        if receipt is not None and receipt.extra:
            desk.pace.spend(now, receipt.extra, alarm=False)
        self.tally.delivered[desk.name] += 1
        await self.done(Delivered(ids, receipt, told=incident))

    async def _incident(self, number: int) -> Incident | None:
        return self.state.incidents.get(number) or await self.store.incident(number)

    def _is_old(self, incident: Incident) -> bool:
        over = incident.resolved_at or (None if incident.live else incident.opened)
        return over is not None and self.clock.now().since(over) > EXPIRES

    def _telling(self, name: str, rows: list[Notice], incident: Incident) -> Telling:
        loudest = max(rows, key=lambda row: row.kind.loudness)
        late = self.clock.now().since(loudest.due)
        receipt: Receipt | None = self.state.receipts.get((name, incident.id))
        desk, ids = self.desk(name), frozenset(row.id for row in rows)

        def busy() -> bool:
            return desk.is_busy(incident.id, self.clock.now().mono, ids)

        alarmed = [row.created for row in rows if row.kind.loud]
        newest = max(alarmed, key=lambda at: at.mono, default=None)
        return Telling(loudest, incident, receipt, late if late > LATE else 0.0, busy=busy, alarmed=newest)

    async def _failed(self, desk: Desk, rows: list[Notice], error: DeliveryError) -> None:
        ids = tuple(row.id for row in rows)
        self.tally.failed[desk.name] += 1
        if error.gone:
            desk.gate.gone = str(error)
        if error.gone or (error.permanent and not error.place):
            log.error("notice given up", notifier=desk.name, reason=str(error))
            if await self._recorded(desk, Delivered(ids, dead=str(error))):
                self.tally.dead[desk.name] += len(ids)
                return
            error = DeliveryError("not recorded", permanent=False)
        now = self.clock.now().mono
        delay = desk.failed(rows[0].incident, error, now, self.jitter)
        log.warning("notice waits", notifier=desk.name, seconds=round(delay, 1), reason=str(error))
        await self._report(desk, error, now)

    async def _report(self, desk: Desk, error: DeliveryError, now: float) -> None:
        """Says once that a notifier does not deliver: at once where a person must change something."""
        gate = desk.gate
        lasts = now - gate.since if gate.since is not None else 0.0
        if gate.reported or not ((error.place and error.permanent) or lasts >= self.state.chain.silent_after):
            return
        gate.reported = await self._recorded(desk, Stuck(desk.name, str(error)))

    async def _recorded(self, desk: Desk, given: Delivered | Stuck) -> bool:
        try:
            await self.done(given)
        except Exception:  # not recorded, so not done: the row waits like any other
            log.exception("not recorded", notifier=desk.name)
            return False
        return True
