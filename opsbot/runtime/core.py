"""The runtime: everything that must go on whether or not Discord can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import structlog

from opsbot.checks.base import Check
from opsbot.domain.action import Action
from opsbot.domain.change import Change
from opsbot.domain.incident import Incident
from opsbot.domain.notice import Notice
from opsbot.domain.process import Running
from opsbot.domain.reach import Round
from opsbot.domain.rule import ActionKind
from opsbot.domain.sample import Sample
from opsbot.domain.target import CheckSpec
from opsbot.engine.draft import Effect, LookAround, LookNow, ReadLastLines, RunAction
from opsbot.engine.inputs import Input, OwnTrouble, ProcessFound, ReachSeen, SampleSeen
from opsbot.engine.own import OWN, SWITCH_RULE
from opsbot.runtime.actions import Actions, Worker
from opsbot.runtime.bundles import desk_of
from opsbot.runtime.caretaker import Caretaker
from opsbot.runtime.close_watch import CloseWatch
from opsbot.runtime.deadman import DeadMan
from opsbot.runtime.drill import Drills
from opsbot.runtime.figures import Figures
from opsbot.runtime.heart import Heart
from opsbot.runtime.history import History
from opsbot.runtime.investigator import Investigator
from opsbot.runtime.key_check import KeyCheck
from opsbot.runtime.mutes import MutesDesk
from opsbot.runtime.ops import Ops
from opsbot.runtime.outbox import Outbox
from opsbot.runtime.parts import Parts
from opsbot.runtime.people import PeopleDesk
from opsbot.runtime.pipeline import Pipeline
from opsbot.runtime.processes import Processes
from opsbot.runtime.pulse import Pulse
from opsbot.runtime.reach import Prober
from opsbot.runtime.remediator import Remediator
from opsbot.runtime.remembering import recall_of, rememberers
from opsbot.runtime.rotations import Rotations
from opsbot.runtime.scheduler import Scheduler
from opsbot.runtime.tally import Tally
from opsbot.runtime.told import log_decisions
from opsbot.runtime.waiting import wait_until
from opsbot.runtime.walks import walker_of
from opsbot.runtime.wellbeing import hindrances

CLOSE_PATIENCE = 1.0
"""Seconds that each adapter has to let go of what it holds (Ctrl-C ends opsbot within 2 s)."""

DELIVERY_PATIENCE = 10.0
"""Seconds that a reload waits for deliveries under way."""

ON_SERVICE = (ActionKind.RESTART, ActionKind.START, ActionKind.STOP)
"""What the remediator does."""

log = structlog.get_logger("opsbot.runtime")


class Runs(Protocol):
    """A part that works until cancelled."""

    async def run(self) -> None:
        """Works."""


class Runtime:
    """Scheduler, pipeline, outbox, actions, rotation and history, wired together."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self.beats = parts, parts.beats
        self.pulse, self.tally = Pulse(), Tally(parts.state.next_incident - 1)
        self.pipeline = Pipeline(parts.state, parts.store, parts.clock)
        self.scheduler = Scheduler(parts.clock, self._sampled, pulse=self.pulse)
        self.processes = Processes(
            {name: s.supervisor for name, s in parts.subjects.items()}, parts.clock, self._seen
        )
        self.history = History(parts.metrics, parts.clock, parts.keep, pulse=self.pulse)
        self.outbox = Outbox(
            parts.state, parts.store, parts.notifiers, parts.clock, self.pipeline.ask, parts.manners
        )
        self.outbox.tally, self.outbox.pulse = self.tally, self.pulse
        self.rotations = Rotations(parts.logs, parts.clock, self.pipeline.ask)
        self.heart = Heart(parts.clock, self.pipeline.post, pulse=self.pulse)
        self.drills = Drills(parts.notifiers, parts.clock, self.pipeline.ask, parts.kinds, parts.off)
        self.ops = Ops(
            self.pipeline,
            self.scheduler,
            self.processes,
            Figures(parts.state, self.history, parts.store, parts.clock),
            self.history,
            self.rotations,
            self.drills,
            self.heart,
            parts.clock,
            parts.sections,
        )
        self.ops.people = PeopleDesk(self.pipeline, parts.store)
        self.ops.mutes = MutesDesk(self.pipeline, parts.clock)
        self.ops.memory = self.recall = recall_of(parts, self.pipeline, self.history)
        self.ops.walks = walker_of(self.ops, parts)
        self.ops.bundles = self.bundles = desk_of(self.ops, self.tally, parts.equipment)
        self.prober = Prober(parts.probes, parts.clock, self.pipeline.post, parts.probe_interval)
        remediator = Remediator(parts.subjects, self.processes, parts.clock, self._look)
        workers: dict[ActionKind, Worker] = dict.fromkeys(ON_SERVICE, remediator)
        workers[ActionKind.ROTATE_LOGS] = self.rotations
        workers[ActionKind.INVESTIGATE] = Investigator(self.bundles.maker)
        workers[ActionKind.MONITOR] = CloseWatch(parts.state, parts.clock, parts.close_up)
        workers[ActionKind.CHECK_API_KEY] = KeyCheck(parts.state, parts.clock, parts.keys, self.ops.logs)
        self.actions = Actions(workers, parts.clock, self.pipeline.ask, self._show)
        self.pipeline.listen(self._decided)
        self.pipeline.listen(self.tally.note)
        self.caretaker: Caretaker | None = None
        self._before: Runtime | None = None
        self._handed_over = False

    @property
    def degraded(self) -> bool:
        """Whether the state file cannot be written now."""
        return self._parts.keeper is not None and self._parts.keeper.degraded is not None

    def add_check(self, target: str, spec: CheckSpec, check: Check) -> None:
        """Adds a check that was built for a target."""
        self.scheduler.add(target, spec, check)

    def go_on(self, before: Runtime, same: Iterable[str]) -> None:
        """Takes over what an earlier runtime knew and did not write down. `same`: targets whose process is
        what it was."""
        self._before = before
        self.scheduler.go_on(before.scheduler)
        self.processes.go_on(before.processes, same)
        self.rotations.go_on(before.rotations)
        self.ops.go_on(before.ops)
        self.tally.go_on(before.tally)
        self.bundles.go_on(before.bundles)

    async def settle(self, patience: float) -> None:
        """Waits `patience` seconds for actions and rotations under way (what takes longer is cut off, and
        taken up by the successor; for a close watch nobody waits), then for deliveries; no new ones begin."""
        changed = asyncio.Event()
        self.pipeline.listen(lambda *_: changed.set())
        began = self._parts.clock.now()
        while any(a.kind is not ActionKind.MONITOR for a in self._parts.state.actions.values()):
            changed.clear()
            left = patience - self._parts.clock.now().since(began)
            if left <= 0 or not await wait_until(changed, self._parts.clock, left):
                log.warning("cut off by the new settings", actions=list(self._parts.state.actions))
                break
        if not await self.outbox.hold(DELIVERY_PATIENCE):
            log.warning("a delivery is cut off by the new settings, and repeated")

    async def hand_over(self) -> None:
        """Decides what is to be decided, and no more, so that a successor can go on from this one's state.
        After it `run` is to be cancelled; it closes nothing then that a successor may use."""
        await self.pipeline.halt()
        self._handed_over = True

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Watches, decides, repairs and tells until cancelled. `started` is set when all of it works."""
        self.pipeline.listen(log_decisions)
        await self.history.seed(self._parts.state)
        parts: list[Runs] = [self.heart, self.history, self.outbox, self.actions, self.rotations]
        parts.append(self.pipeline)
        if self._parts.keeper is not None:
            keep = self._parts.keep_incidents
            self.caretaker = Caretaker(
                self._parts.state,
                self._parts.keeper,
                self._parts.clock,
                self.pipeline.post,
                keep,
                self._parts.metrics,
                self.pulse,
                self.bundles.maker.tidy,
            )
            if self._before is not None and self._before.caretaker is not None:
                self.caretaker.go_on(self._before.caretaker)
            parts.append(self.caretaker)
            self._before = None
        parts += rememberers(self._parts, self.pipeline, self.recall)
        guard: list[Runs] = [self.prober] if self._parts.probes else []
        guard += [self.beats] if self.beats is not None else []
        guard += await self._dead_man()
        await self._set_guard()
        await self._run([*parts, *guard, self.processes, self.scheduler], started)

    async def _dead_man(self) -> list[Runs]:
        """What pings the dead man's switch. Where there is none any more, trouble with it is over."""
        parts, pipeline = self._parts, self.pipeline
        if parts.switch is None:
            if (OWN, SWITCH_RULE) in parts.state.alerts:
                await pipeline.post(OwnTrouble(SWITCH_RULE, ""))
            return []
        hinders = partial(hindrances, self.pulse, pipeline, parts.clock)
        return [DeadMan(parts.switch, parts.clock, pipeline.post, hinders, parts.keeper)]

    async def _set_guard(self) -> None:
        """Whether anybody probes; where nobody does any more, an outage that was found before is none."""
        state = self._parts.state
        state.reach = replace(state.reach, guarded=bool(self._parts.probes))
        if state.reach.cut_off is not None and not self._parts.probes:
            await self.pipeline.post(ReachSeen(Round(self._parts.clock.now(), connected=None)))

    async def run_for_a_person(self, started: asyncio.Event) -> None:
        """Decides and acts until cancelled, but only what a person asks: nothing is watched, nothing is told,
        so nothing is started that merely was not running."""
        for name in self._parts.subjects:
            running = await self._found(name)
            if running is not None:
                self.processes.started(name, running)
                await self.pipeline.post(ProcessFound(name, running))
        await self._run((self.actions, self.pipeline), started)

    async def _found(self, target: str) -> Running | None:
        try:
            return (await self._parts.subjects[target].supervisor.find()).running
        except Exception:  # then what the person asked for meets the same trouble, and tells it
            log.warning("cannot look for the target", target=target, exc_info=True)
            return None

    async def _run(self, parts: Sequence[Runs], started: asyncio.Event | None) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(part.run(), name=type(part).__name__.lower())
                if started is not None:
                    started.set()
        finally:
            await self._close()

    async def _close(self) -> None:
        """Everything is let go of, whatever one of them does, and in time."""
        self.ops.close()
        await _closed(self.drills.close())
        await _closed(self.bundles.close())
        if self._handed_over:
            await self.scheduler.end_looks()
            return
        closing: list[Coroutine[Any, Any, None]] = [self.scheduler.close()]
        closing += [subject.supervisor.close() for subject in self._parts.subjects.values()]
        closing += [kept.rotator.close() for kept in self._parts.logs.values()]
        closing += [notifier.close() for notifier in self._parts.notifiers.values()]
        closing += [self.beats.close()] if self.beats is not None else []
        closing += [self._parts.switch.place.close()] if self._parts.switch is not None else []
        await asyncio.gather(*(_closed(one) for one in closing))

    # -- wiring

    async def _sampled(self, sample: Sample) -> None:
        self.history.add(sample)
        await self.pipeline.post(SampleSeen(sample))

    async def _seen(self, given: Input) -> None:
        await self.pipeline.post(given)
        if isinstance(given, ProcessFound):
            self.scheduler.wake(given.target)

    async def _look(self, target: str, kinds: tuple[str, ...]) -> list[Sample]:
        return await self.scheduler.look(target, kinds)

    def _show(self, action: Action) -> None:
        self.ops.show(action)

    def _decided(self, changes: Sequence[Change], effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case RunAction(action=action, resumed=resumed):
                    self.actions.begin(action, resumed)
                case LookNow(target=target):
                    self.scheduler.wake(target)
                case LookAround():
                    self.prober.wake()
                case ReadLastLines(target=target):
                    self.actions.read_last_lines(target)
        if any(isinstance(change, (Notice, Incident)) for change in changes):
            self.outbox.wake()


async def _closed(closing: Coroutine[Any, Any, None]) -> None:
    try:
        async with asyncio.timeout(CLOSE_PATIENCE):
            await closing
    except Exception:
        log.warning("not closed cleanly", exc_info=True)
