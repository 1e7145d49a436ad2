"""A small opsbot that alerts: three services, eight notifiers that fail in every way, kills at any point."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome, Priority
from opsbot.domain.notice import Audience, Chain, EscalationStep, Receipt, Telling
from opsbot.domain.quiet import QuietHours
from opsbot.domain.sample import Sample
from opsbot.engine.inputs import Acknowledge, Input, SampleSeen
from opsbot.engine.own import OWN
from opsbot.engine.resuming import resume
from opsbot.engine.state import State
from opsbot.engine.step import next_due
from opsbot.errors import DeliveryError, Refused
from opsbot.runtime.desk import Manners
from opsbot.runtime.outbox import Outbox
from opsbot.runtime.pipeline import TICK_GAP, Pipeline
from opsbot.runtime.restore import restore
from opsbot.runtime.succession import succeed
from opsbot.stores.base import Batch
from opsbot.testing.clock import VirtualClock
from opsbot.testing.store import MemoryDisk, MemoryState
from tests.engine.drive import BUSY, DOWN, OLGA, UNHEALTHY, target

SILENT = 300.0
CHAIN = Chain(
    ("mail", "pager"), SILENT, (EscalationStep(900.0, ("pager", "boss"), frozenset({Priority.P1})),)
)
AUDIENCES = {
    "ops": Audience(),
    "slow": Audience(),
    "board": Audience(priorities=frozenset({Priority.P3})),
    "night": Audience(quiet=QuietHours(0, 0), edits=True),  # it is always night
    "log": Audience(people=False),
    "mail": Audience(reserve=True),
    "pager": Audience(reserve=True),
    "boss": Audience(reserve=True),
}
TARGETS = ("one", "two", "three")
MANNERS = {"slow": Manners(6.0), "night": Manners(repeat_after=900.0), "log": Manners(0.0)}
WORSE = replace(UNHEALTHY, priority=Priority.P2, need=1, of=1)

FAULTS: dict[str, Callable[[], DeliveryError]] = {
    "out": lambda: DeliveryError("connection refused", permanent=False, place=True),
    "odd": lambda: DeliveryError("500", permanent=False),
    "busy": lambda: DeliveryError("429", permanent=False, retry_after=7.0),
    "closed": lambda: DeliveryError("no permission", permanent=True, place=True),
    "picky": lambda: DeliveryError("400 invalid", permanent=True),
}


@dataclass
class Place:
    """Where a notifier tells. `fault`: how it fails; "mute": it takes everything and answers nothing."""

    name: str
    clock: VirtualClock
    takes: float = 0.0
    fault: str = ""
    told: list[Telling] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    given_up: set[int] = field(default_factory=set)
    unanswered: int = 0

    async def deliver(self, telling: Telling) -> Receipt:
        if self.takes:
            await self.clock.sleep(self.takes)
        if self.fault == "picky":
            self.given_up.add(telling.incident.id)
        if self.fault in FAULTS:
            raise FAULTS[self.fault]()
        self.told.append(telling)
        self.at.append(self.clock.now().mono)
        await asyncio.sleep(0)
        if self.fault == "mute":
            self.unanswered += 1
            raise DeliveryError("the connection broke", permanent=False)
        return Receipt(self.name, telling.incident.id, str(len(self.told)))

    async def close(self) -> None:
        pass


@dataclass
class World:
    """What outlives opsbot, and the opsbot that runs."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    disk: MemoryDisk = field(default_factory=MemoryDisk)
    kills: int = 0

    def __post_init__(self) -> None:
        self.places = {name: Place(name, self.clock) for name in AUDIENCES}
        self.places["slow"].takes = 11.0
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self, before: State | None = None) -> None:
        """A new opsbot; or, of the same one, a new runtime under new settings."""
        bot = replace(target(supervised=False), rules=(BUSY, WORSE, DOWN))
        self.state = State.of([replace(bot, name=name) for name in TARGETS], AUDIENCES, CHAIN)
        store = MemoryState(self.clock, self.disk)
        if before is None:
            restore(self.state, await store.load())
        else:
            succeed(self.state, before, TARGETS)
        self.pipeline = Pipeline(self.state, store, self.clock)
        if before is not None:
            self.pipeline.opening = partial(resume, left={})
        self.outbox = Outbox(self.state, store, self.places, self.clock, self.pipeline.ask, MANNERS)
        self.pipeline.listen(lambda changes, effects: self.outbox.wake())
        self.tasks = [asyncio.create_task(part.run()) for part in (self.pipeline, self.outbox)]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def kill(self, turns: int) -> None:
        """After so many turns of the event loop, wherever everything is then."""
        for _ in range(turns):
            await asyncio.sleep(0)
        await self.stop()
        self.kills += 1
        await self.start()

    async def reload(self) -> None:
        """The settings are read anew, between two inputs; deliveries under way are cut off."""
        await self.outbox.hold(0.0)
        await self.pipeline.halt()
        self.kills += 1
        await self.stop()
        await self.start(self.state)

    async def see(self, name: str, check: str, *, good: bool, cpu: float | None) -> None:
        outcome = Outcome.OK if good else Outcome.FAIL
        metrics = {} if cpu is None else {"cpu_percent": cpu}
        await self.give(SampleSeen(Sample(name, check, self.clock.now(), outcome, "seen", metrics)))

    async def give(self, given: Input) -> None:
        with suppress(Refused):
            await self.pipeline.post(given)

    async def acknowledge(self, name: str) -> None:
        live = self.state.live(name)
        if live is not None:
            with suppress(Refused):
                asking = asyncio.ensure_future(self.pipeline.ask(Acknowledge(live.id, OLGA, "mine")))
                await self.clock.settle()
                await asking

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        self.check_now()

    async def ends_well(self) -> None:
        """Everything works again, all is over, and whoever waits is told."""
        for place in self.places.values():
            place.fault = ""
        await self.pass_time(1.0)
        for name in TARGETS:
            for check in ("health", "process", "process"):
                await self.see(name, check, good=True, cpu=1.0 if check == "process" else None)
        for _ in range(120):
            await self.pass_time(60.0 if _ < 20 else 900.0)
            if not self.state.notices:
                break
        await self.pass_time(1.0)
        self.check_end()

    # ------------------------------------------------------------ what always holds

    def check_now(self) -> None:
        rows = Counter((n.notifier, n.incident) for n in self.state.notices.values())
        assert all(count <= 4 for count in rows.values()), rows
        due, now = next_due(self.state, self.clock.now()), self.clock.now().mono
        assert due is None or due.mono > now - 2 * TICK_GAP, "what is due stays due: the pipeline spins"

    def check_end(self) -> None:
        assert self.state.notices == {}, "left for ever"
        self._check_told()
        self._check_pings()
        self._check_called()
        self._check_memory()

    def _check_told(self) -> None:
        for number, incident in self.incidents().items():
            for name, audience in AUDIENCES.items():
                place = self.places[name]
                tellings = [t for t in place.told if t.incident.id == number]
                wanted = audience.wants(incident) and (not audience.reserve or name in incident.called)
                if number not in place.given_up and (wanted or tellings):
                    assert tellings, f"{name} never heard of #{number}"
                    assert tellings[-1].incident.version == incident.version, (
                        f"{name} heard no end of #{number}"
                    )
                    assert tellings[-1].incident.state is incident.state
                versions = [t.incident.version for t in tellings]
                assert versions == sorted(versions), f"{name} heard of #{number} in the wrong order"
        for name, place in self.places.items():
            same = Counter((t.incident.id, t.incident.version) for t in place.told)
            twice = sum(count - 1 for count in same.values())
            if name != "night":  # it hears a ping that had to wait after an edit
                assert twice <= place.unanswered + self.kills, f"{name} was told twice: {same}"

    def _check_pings(self) -> None:
        """However it collapsed: after an incident became more urgent something loud was said."""
        for number, incident in self.incidents().items():
            for name in ("ops", "slow"):
                loud = [t.incident for t in self.places[name].told if t.notice.kind.loud]
                told = any(i.id == number and i.priority is incident.priority for i in loud)
                assert told or number in self.places[name].given_up, f"{name} was not alarmed about #{number}"

    def _check_called(self) -> None:
        """Whoever had to be called in was."""
        for number, incident in self.incidents().items():
            first = [
                at
                for name, place in self.places.items()
                for telling, at in zip(place.told, place.at, strict=True)
                if telling.incident.id == number and AUDIENCES[name].people and name not in CHAIN.fallback
            ]
            late = min(first, default=float("inf")) - incident.opened.mono
            if late > SILENT + 1.0:
                assert "mail" in incident.called, f"nobody was called in for #{number} for {late} s"

    def _check_memory(self) -> None:
        assert not self.state.unheard
        assert self.state.waiting.touched == {}
        for name in AUDIENCES:
            desk = self.outbox.desk(name)
            assert desk.lanes.keys() <= {i.id for i in self.state.live_incidents()}, name
            assert not desk.gate.hit, name

    def incidents(self) -> dict[int, Incident]:
        """As they ended, all that there ever were."""
        found: dict[int, Incident] = {}
        for entry in self.disk.log:
            if isinstance(entry, Batch):
                found.update({c.id: c for c in entry.changes if isinstance(c, Incident)})
        # what tells that a notifier gave up a notice is over when it has delivered another
        assert all(not i.live or i.target == OWN for i in found.values()), "not over"
        return found
