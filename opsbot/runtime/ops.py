"""The façade: everything cogs, the command line and the web page may ask, in one place."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from opsbot.analysis.analyst import Analyst, subject_of
from opsbot.clock import Clock
from opsbot.domain.action import Action, Pause, Rotate
from opsbot.domain.actor import Actor
from opsbot.domain.change import PauseEnded
from opsbot.domain.health import HealthReport
from opsbot.domain.incident import Incident
from opsbot.domain.logs import LogLook, LogProgress, Question
from opsbot.domain.metrics import MetricsReport, Window
from opsbot.domain.performance import MONITORED, Performance, performance_of
from opsbot.domain.process import Running
from opsbot.domain.reload import Reloaded
from opsbot.domain.rule import ActionKind
from opsbot.engine.inputs import (
    Acknowledge,
    ActionAsked,
    Adopted,
    PauseAsked,
    Recorded,
    ResumeAsked,
    RotateAsked,
)
from opsbot.engine.state import Known
from opsbot.errors import RotationError, UsageError
from opsbot.rotation.base import Plan
from opsbot.runtime.asked.bundles import Bundles
from opsbot.runtime.asked.memory import Memory
from opsbot.runtime.asked.mutes import Mutes
from opsbot.runtime.asked.people import People
from opsbot.runtime.asked.walks import Walks
from opsbot.runtime.drill import Drilling, Drills
from opsbot.runtime.figures import Figures
from opsbot.runtime.following import Followers
from opsbot.runtime.heart import Heart
from opsbot.runtime.history import History
from opsbot.runtime.known import known_target
from opsbot.runtime.notes import notes_of, sections_now
from opsbot.runtime.past import past_performances
from opsbot.runtime.pipeline import Pipeline
from opsbot.runtime.port import LoopInfo, TargetInfo
from opsbot.runtime.processes import Processes
from opsbot.runtime.rotations import Rotations
from opsbot.runtime.scheduler import Scheduler
from opsbot.runtime.waiting import within
from opsbot.text import one_line

MAX_PAUSE = 7 * 86_400.0
"""Seconds: a longer pause is a forgotten one."""

REASON = 300
"""Characters of a reason that are kept, however it was given: it goes into the audit, which is for ever."""

NOT_RUNNING = "opsbot does not run, and reads its file when it starts: `opsbot check-config` looks at it."

PATIENCE = 2.0
"""Seconds that a report waits for what was just looked at to be taken in."""


@dataclass(slots=True)
class Ops:
    """Implements `runtime.port.Operations`. `sections`: (target, check) → title of its report section.
    `remarks`: what else every report must say, such as what is wrong with Discord's side."""

    pipeline: Pipeline
    scheduler: Scheduler
    processes: Processes
    figures: Figures
    history: History
    rotations: Rotations
    drills: Drills
    heart: Heart
    clock: Clock
    sections: Mapping[tuple[str, str], str]
    remarks: Callable[[], Sequence[str]] = tuple
    analyst: Analyst = field(default_factory=Analyst)
    followers: Followers = field(default_factory=Followers)
    walks: Walks = field(init=False)
    bundles: Bundles = field(init=False)
    people: People = field(init=False)
    mutes: Mutes = field(init=False)
    memory: Memory = field(init=False)

    # -- looking

    def targets(self) -> tuple[TargetInfo, ...]:
        """All targets, in the configuration's order."""
        state = self.pipeline.state
        infos = []
        for name, known in state.known.items():
            live = state.live(name)
            running = None if known.target.supervisor is None else known.running is not None
            infos.append(
                TargetInfo(
                    name, known.target.title, state.pauses.get(name), running, live.id if live else None
                )
            )
        return tuple(infos)

    async def health(self, target: str, *, fresh: bool = False) -> HealthReport:
        """The newest samples as a report; `fresh` looks anew first."""
        known = self._known(target)
        if fresh or not known.view.newest:
            await self.scheduler.look(target)
            await self._caught_up()
        remarks = (*self.heart.remarks(), *self.history.remarks, *self.remarks())
        return HealthReport(
            target=target,
            title=known.target.title,
            at=self.clock.now(),
            sections=sections_now(self.pipeline.state, known, self.sections),
            incidents=tuple(i.id for i in self.incidents() if i.target == target),
            notes=notes_of(self.pipeline.state, self.processes, target, self.clock.now(), remarks),
        )

    async def _caught_up(self) -> None:
        """What was looked at is taken in; but nobody waits long for a store that is busy."""
        with suppress(TimeoutError):
            await within(self.pipeline.caught_up(), self.clock, PATIENCE)

    async def metrics(
        self, target: str, window: Window, wanted: Sequence[str] = (), *, every: bool = False
    ) -> MetricsReport:
        """Metrics over a window, with what else is marked in a chart."""
        return await self.figures.report(self._known(target), window, wanted, every=every)

    async def metric_names(self, target: str) -> tuple[str, ...]:
        """Every metric that a target has or had."""
        return await self.figures.names(self._known(target))

    async def performance(self, target: str) -> Performance:
        """One line of the performance monitor, looked at now."""
        self._known(target)
        samples = await self.scheduler.look(target, MONITORED)
        values = {name: value for sample in samples for name, value in sample.metrics.items()}
        return performance_of(self.clock.now().wall, values)

    async def performances(self, target: str, window: Window) -> tuple[Performance, ...]:
        """The lines of the performance monitor, as far as the past is known."""
        return await past_performances(self.history, self._known(target), window, self.clock.now().wall)

    def logs(self, target: str, question: Question) -> AsyncGenerator[LogProgress | LogLook, None]:
        """What the target's log and its archives say."""
        return self.analyst.ask(subject_of(self._known(target).target), question)

    def incident(self, number: int) -> Incident | None:
        """A live or recent incident."""
        return self.pipeline.state.incidents.get(number)

    def incidents(self) -> tuple[Incident, ...]:
        """The live incidents, oldest first."""
        return tuple(
            sorted((i for i in self.pipeline.state.incidents.values() if i.live), key=lambda i: i.id)
        )

    # -- asking

    async def acknowledge(self, number: int, actor: Actor, reason: str = "") -> Incident:
        """Somebody takes an incident on."""
        decided = await self.pipeline.ask(Acknowledge(number, actor, _said(reason)))
        return next(change for change in decided.changes if isinstance(change, Incident))

    async def pause(self, target: str, seconds: float, reason: str, actor: Actor) -> Pause:
        """Holds all automation of a target."""
        self._known(target)
        if not 0 < seconds <= MAX_PAUSE:
            raise UsageError("A pause lasts from 1 minute to 7 days (10080 minutes).")
        decided = await self.pipeline.ask(PauseAsked(target, seconds, actor, _said(reason)))
        return next(change for change in decided.changes if isinstance(change, Pause))

    async def resume(self, target: str, actor: Actor) -> bool:
        """Ends the pause; False when there was none."""
        self._known(target)
        decided = await self.pipeline.ask(ResumeAsked(target, actor))
        return any(isinstance(change, PauseEnded) for change in decided.changes)

    async def act(
        self, target: str, kind: ActionKind, reason: str, actor: Actor, incident: int | None = None
    ) -> Action:
        """Asks for a restart, start or stop; returns when it is decided and durable, while it runs."""
        self._known(target)
        decided = await self.pipeline.ask(ActionAsked(target, kind, actor, _said(reason), incident))
        return next(change for change in decided.changes if isinstance(change, Action))

    async def plan_rotation(self, target: str) -> Plan:
        """How the target's log would be set aside now."""
        self._known(target)
        kept = self.rotations.logs.get(target)
        if kept is None:
            raise UsageError(f"No log of {target} is known: name it with `rotate.path`.")
        try:
            return await kept.rotator.plan()
        except RotationError as error:
            raise UsageError(str(error)) from error

    async def rotate(self, target: str, reason: str, actor: Actor, wanted: Rotate) -> Action:
        """Asks for a rotation of the target's log."""
        self._known(target)
        if wanted.keep is not None and wanted.keep < 1:
            raise UsageError("At least 1 archive is kept, the one that is made.")
        decided = await self.pipeline.ask(RotateAsked(target, actor, _said(reason), wanted))
        return next(change for change in decided.changes if isinstance(change, Action))

    async def adopt(self, target: str, pid: int, actor: Actor) -> Running:
        """Takes a candidate for the target's process, which is wanted to run from then on."""
        self._known(target)
        running = await self.processes.adopt(target, pid)
        await self.pipeline.ask(Adopted(target, pid, actor))
        return running

    async def candidates(self, target: str) -> tuple[tuple[int, str], ...]:
        """What looks like the target and was not taken."""
        self._known(target)
        return await self.processes.candidates(target)

    def follow(self, action: int) -> AsyncGenerator[Action, None]:
        """The action each time its steps change, ending with the one that has ended."""
        return self.followers.follow(action, self.pipeline.state.actions)

    def show(self, action: Action) -> None:
        """Takes an action's progress from the remediator and hands it to whoever follows it."""
        self.followers.show(action)

    def go_on(self, before: Ops) -> None:
        """Takes over the actions that can still be followed."""
        self.followers.go_on(before.followers)

    def close(self) -> None:
        """The runtime ends: whoever follows an action is told so."""
        self.followers.close()

    def notifiers(self) -> tuple[str, ...]:
        """The names of all that are on."""
        return tuple(self.drills.notifiers)

    def drill(self, actor: Actor, notifier: str | None = None, *, ping: bool = False) -> Drilling:
        """Sends a marked test through one notifier or all."""
        return self.drills.run(actor, notifier, ping=ping)

    async def reload(self, actor: Actor, *, dry: bool = False) -> Reloaded:  # noqa: ARG002 - see the port
        """A runtime's settings are what they are: see `runtime.relay`."""
        raise UsageError(NOT_RUNNING)

    async def refused(self, actor: Actor, verb: str, target: str, reason: str) -> None:
        """Records that somebody asked for what they may not."""
        await self.pipeline.ask(Recorded(actor, verb, target, "refused", reason))

    # -- loops

    def loops(self) -> tuple[LoopInfo, ...]:
        """All monitoring loops."""
        return (*self.scheduler.loops(), *self.rotations.loops())

    async def pause_loop(self, name: str, actor: Actor) -> LoopInfo:
        """Stops looking until resumed."""
        info = self.rotations.pause_loop() if self._is_rotation(name) else self.scheduler.pause_loop(name)
        await self.pipeline.ask(Recorded(actor, "pause loop", name, "allowed"))
        return info

    async def resume_loop(self, name: str, actor: Actor) -> LoopInfo:
        """Looks again."""
        info = self.rotations.resume_loop() if self._is_rotation(name) else self.scheduler.resume_loop(name)
        await self.pipeline.ask(Recorded(actor, "resume loop", name, "allowed"))
        return info

    async def run_loop(self, name: str) -> LoopInfo:
        """Looks once, now."""
        if self._is_rotation(name):
            return await self.rotations.run_loop()
        return await self.scheduler.run_loop(name)

    def _is_rotation(self, name: str) -> bool:
        return any(loop.name == name for loop in self.rotations.loops())

    # -- helpers

    def _known(self, target: str) -> Known:
        return known_target(self.pipeline.state, target)


def _said(reason: str) -> str:
    """A person's words as one bounded line: none of them begins another line of a record."""
    return one_line(reason, REASON)
