"""A scripted `Operations`: remembers what it was asked, answers what the test put in, fails as told."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

from opsbot.clock import Clock
from opsbot.domain.action import STEPS, Action, ActionState, Pause, Rotate, Step, StepState
from opsbot.domain.actor import Actor
from opsbot.domain.drill import Drill, DrillLine, DrillState
from opsbot.domain.health import HealthReport
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.logs import LogLook, LogProgress, Question
from opsbot.domain.metrics import MetricsReport, Window
from opsbot.domain.performance import Performance
from opsbot.domain.process import ProcessId, Running
from opsbot.domain.reload import Outcome, Reloaded
from opsbot.domain.rule import ActionKind
from opsbot.errors import Refused, UsageError
from opsbot.rotation.base import Plan, Way
from opsbot.runtime.port import LoopInfo, TargetInfo
from opsbot.testing.asked.call import Call
from opsbot.testing.asked.parts import FakeParts


@dataclass(slots=True)
class FakeOperations(FakeParts):
    """`fails`: an error by the method's name, raised each time. `held`: what `health`,
    `restart` and `drill` wait for. `calls`: all that was asked but for refusals,
    which are in `refusals`. A restart runs until the test calls `step` and `end`; a second one meanwhile is
    refused, as the real one does."""

    clock: Clock
    infos: tuple[TargetInfo, ...] = (TargetInfo("summarybot", "Summary Bot NG", running=True),)
    known: dict[int, Incident] = field(default_factory=dict)
    all_loops: dict[str, LoopInfo] = field(default_factory=dict)
    reports: dict[str, HealthReport] = field(default_factory=dict)
    numbers: dict[str, MetricsReport] = field(default_factory=dict)
    looks: tuple[Performance, ...] = ()
    log_look: LogLook | None = None
    pauses: dict[str, Pause] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    fails: dict[str, Exception] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    refusals: list[Call] = field(default_factory=list)
    plan: Plan = field(default_factory=lambda: Plan(Way.KEEPER, 5 * 2**20, "its stdout is opsbot's"))
    reloaded: Reloaded = field(default_factory=lambda: Reloaded(Outcome.APPLIED, ("title: `A` → `B`",)))
    lookalikes: tuple[tuple[int, str], ...] = ()
    outcome: tuple[DrillLine, ...] = (DrillLine("ops_channel", "discord", DrillState.ARRIVED, 0.132),)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.make_parts(self.clock, self._note, self.known)

    def asked(self, verb: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.verb == verb]

    # -- what the port asks for

    def targets(self) -> tuple[TargetInfo, ...]:
        """See `Operations`."""
        self._note("targets")
        return self.infos

    async def health(self, target: str, *, fresh: bool = False) -> HealthReport:
        """See `Operations`."""
        self._note("health", target, detail="fresh" if fresh else "")
        await self._held("health")
        return self.reports.get(target) or HealthReport(target, target, self.clock.now(), ())

    async def metrics(
        self, target: str, window: Window, wanted: Sequence[str] = (), *, every: bool = False
    ) -> MetricsReport:
        """See `Operations`. Answers the wanted ones of `numbers` as if they were of the window."""
        now = self.clock.now()
        until = now.wall if window.until is None else window.until
        self._note("metrics", target, detail=f"{window.seconds:g} {','.join(wanted)}".strip())
        report = self.numbers.get(target) or MetricsReport(target, target, now, 0.0, 0.0)
        report = replace(report, at=now, since=until - window.seconds, until=until)
        if unknown := [name for name in wanted if name not in report.names]:
            raise UsageError(f"There is no metric “{unknown[0]}”.")
        if wanted and not every:
            report = replace(report, series=tuple(s for s in report.series if s.metric in wanted))
            report = replace(report, metrics=tuple(m for m in report.metrics if m.name in wanted))
        return report

    async def metric_names(self, target: str) -> tuple[str, ...]:
        """See `Operations`."""
        self._note("metric_names", target)
        return self.numbers[target].names if target in self.numbers else ()

    async def performance(self, target: str) -> Performance:
        """See `Operations`. The looks of `looks`, one after the other, then the last one for ever."""
        self._note("performance", target)
        await self._held("performance")
        done = len(self.asked("performance"))
        return (
            self.looks[min(done, len(self.looks)) - 1] if self.looks else Performance(self.clock.now().wall)
        )

    async def performances(self, target: str, window: Window) -> tuple[Performance, ...]:
        """See `Operations`. All of `looks`."""
        self._note("performances", target, detail=f"{window.seconds:g}")
        return self.looks

    async def logs(self, target: str, question: Question) -> AsyncGenerator[LogProgress | LogLook, None]:
        """See `Operations`. Answers `log_look` to whatever question, or that there is no log."""
        self._note("logs", target, detail=repr(question))
        if self.log_look is None:
            raise UsageError(f"There is no log of {target}.")
        yield LogProgress(1)
        await self._held("logs")
        yield replace(self.log_look, question=question)

    def incident(self, number: int) -> Incident | None:
        """See `Operations`."""
        self._note("incident", str(number))
        return self.known.get(number)

    def incidents(self) -> tuple[Incident, ...]:
        """See `Operations`."""
        self._note("incidents")
        return tuple(incident for incident in self.known.values() if incident.live)

    async def acknowledge(self, number: int, actor: Actor, reason: str = "") -> Incident:
        """See `Operations`."""
        self._note("acknowledge", str(number), actor, reason)
        if number not in self.known:
            raise UsageError(f"There is no incident #{number}.")
        incident = self.known[number]
        if incident.acknowledged_by:
            raise Refused(f"Incident #{number} is already acknowledged by {incident.acknowledged_by.name}.")
        state, now = IncidentState.ACKNOWLEDGED, self.clock.now()
        incident = replace(
            incident, state=state, acknowledged_by=actor, acknowledged_at=now, ack_reason=reason
        )
        self.known[number] = incident
        return incident

    async def pause(self, target: str, seconds: float, reason: str, actor: Actor) -> Pause:
        """See `Operations`."""
        self._note("pause", target, actor, f"{seconds:g} {reason}")
        now = self.clock.now()
        self.pauses[target] = Pause(target, now.after(seconds), actor, reason, now)
        return self.pauses[target]

    async def resume(self, target: str, actor: Actor) -> bool:
        """See `Operations`."""
        self._note("resume", target, actor)
        return self.pauses.pop(target, None) is not None

    async def act(
        self, target: str, kind: ActionKind, reason: str, actor: Actor, incident: int | None = None
    ) -> Action:
        """See `Operations`. `fails`, `held` and `calls` know it by the kind's name."""
        self._note(kind.value, target, actor, reason)
        await self._held(kind.value)
        for other in self.actions.values():
            if other.target == target and other.state is ActionState.RUNNING:
                raise Refused(
                    f"A {other.kind.value} of {target} is in progress, asked by {other.actor.name}."
                )
        number, now = len(self.actions) + 1, self.clock.now()
        steps = tuple(Step(title) for title in STEPS[kind])
        action = Action(number, target, kind, actor, reason, now, number, incident, steps=steps)
        self.actions[number] = action
        return action

    async def plan_rotation(self, target: str) -> Plan:
        """See `Operations`. Answers `plan`."""
        self._note("plan_rotation", target)
        return self.plan

    async def rotate(self, target: str, reason: str, actor: Actor, wanted: Rotate) -> Action:
        """See `Operations`."""
        self._note("rotate", target, actor, f"{wanted.min_bytes} {wanted.keep}")
        number, now = len(self.actions) + 1, self.clock.now()
        kind = ActionKind.ROTATE_LOGS
        steps = tuple(Step(title) for title in STEPS[kind])
        self.actions[number] = Action(
            number, target, kind, actor, reason, now, 0, None, steps=steps, rotate=wanted
        )
        return self.actions[number]

    async def candidates(self, target: str) -> tuple[tuple[int, str], ...]:
        """See `Operations`. Answers `lookalikes`."""
        self._note("candidates", target)
        return self.lookalikes

    async def adopt(self, target: str, pid: int, actor: Actor) -> Running:
        """See `Operations`."""
        self._note("adopt", target, actor, str(pid))
        if pid not in [found for found, _ in self.lookalikes]:
            raise UsageError(f"pid {pid} is no process that looks like {target}.")
        return Running(ProcessId(self.clock.boot_id, pid, 1), self.clock.now(), adopted=True)

    async def follow(self, action: int) -> AsyncGenerator[Action, None]:
        """See `Operations`."""
        self._note("follow", str(action))
        told: Action | None = None
        while told is None or told.state is ActionState.RUNNING:
            async with self._changed:
                while self.actions[action] is told:
                    await self._changed.wait()
                told = self.actions[action]
            yield told

    def notifiers(self) -> tuple[str, ...]:
        """See `Operations`."""
        self._note("notifiers")
        return tuple(line.notifier for line in self.outcome if line.state is not DrillState.OFF)

    async def drill(
        self, actor: Actor, notifier: str | None = None, *, ping: bool = False
    ) -> AsyncGenerator[Drill, None]:
        """See `Operations`. Ends, after `held`, in `outcome`."""
        self._note("drill", notifier or "", actor, "ping" if ping else "")
        lines = tuple(line for line in self.outcome if notifier in (None, line.notifier))
        if not lines:
            raise UsageError(f"There is no notifier `{notifier}`.")
        sending = tuple(DrillLine(line.notifier, line.kind) for line in lines)
        yield Drill(-1, actor, self.clock.now(), sending, ping)
        await self._held("drill")
        yield Drill(-1, actor, self.clock.now(), lines, ping, over=True)

    async def reload(self, actor: Actor, *, dry: bool = False) -> Reloaded:
        """What the test put in."""
        self._note("reload", "", actor, "dry" if dry else "")
        return replace(self.reloaded, outcome=Outcome.WOULD) if dry else self.reloaded

    async def refused(self, actor: Actor, verb: str, target: str, reason: str) -> None:
        """See `Operations`."""
        self.refusals.append(Call(verb, target, actor, reason))

    def loops(self) -> tuple[LoopInfo, ...]:
        """See `Operations`."""
        self._note("loops")
        return tuple(self.all_loops.values())

    async def pause_loop(self, name: str, actor: Actor) -> LoopInfo:
        """See `Operations`."""
        self._note("pause_loop", name, actor)
        return self._set_loop(name, running=False)

    async def resume_loop(self, name: str, actor: Actor) -> LoopInfo:
        """See `Operations`."""
        self._note("resume_loop", name, actor)
        return self._set_loop(name, running=True)

    async def run_loop(self, name: str) -> LoopInfo:
        """See `Operations`."""
        self._note("run_loop", name)
        return self._set_loop(name)

    # -- what the test does

    async def step(self, action: int, number: int, state: StepState, seconds: float = 0.0) -> None:
        """Step `number` (from 0) of a running action changes."""
        running = self.actions[action]
        steps = list(running.steps)
        steps[number] = replace(steps[number], state=state, seconds=seconds)
        await self._change(replace(running, steps=tuple(steps)))

    async def end(self, action: int, state: ActionState = ActionState.DONE, detail: str = "") -> None:
        """A running action ends."""
        running = self.actions[action]
        await self._change(replace(running, state=state, detail=detail, ended=self.clock.now()))

    async def _change(self, action: Action) -> None:
        async with self._changed:
            self.actions[action.id] = action
            self._changed.notify_all()

    async def _held(self, verb: str) -> None:
        if verb in self.held:
            await self.held[verb].wait()

    def _set_loop(self, name: str, *, running: bool | None = None) -> LoopInfo:
        if name not in self.all_loops:
            near = difflib.get_close_matches(name, self.all_loops, n=1)
            raise UsageError(f"There is no loop `{name}`: did you mean `{near[0] if near else '?'}`?")
        loop = self.all_loops[name]
        self.all_loops[name] = loop if running is None else replace(loop, running=running)
        return self.all_loops[name]

    def _note(self, verb: str, about: str = "", actor: Actor | None = None, detail: str = "") -> None:
        self.calls.append(Call(verb, about, actor, detail))
        if verb in self.fails:
            raise self.fails[verb]
