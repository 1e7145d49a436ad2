"""Drives the engine as the pipeline does: step, apply, time by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.change import Change
from opsbot.domain.expr import Compare, Op, Reading, Seen
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Audience, Notice
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.process import Exit, ProcessId, Running
from opsbot.domain.rule import ActionKind, RestartPolicy, Rule
from opsbot.domain.sample import Sample
from opsbot.domain.target import CheckSpec, SupervisorSpec, Target
from opsbot.engine.draft import Effect, RunAction
from opsbot.engine.inputs import Input, ProcessEnded, ProcessFound, SampleSeen, Tick
from opsbot.engine.state import State
from opsbot.engine.step import Step, next_due, step

NAME = "summarybot"
START = Moment(1000.0, 1_767_625_440.0)
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
OTTO = Actor(ActorKind.DISCORD, "2", "Otto")

DOWN = Rule(
    "bot_process_down",
    Seen("process", frozenset({Outcome.FAIL}), "process_not_running"),
    Severity.CRITICAL,
    Priority.P1,
    "The bot is down",
    action=ActionKind.RESTART,
    reads=frozenset({"process"}),
)
UNHEALTHY = Rule(
    "api_health_failure",
    Seen("health", frozenset({Outcome.FAIL, Outcome.TIMEOUT}), "health_check_failed"),
    Severity.CRITICAL,
    Priority.P1,
    "The API does not answer",
    action=ActionKind.RESTART,
    need=3,
    of=3,
    reads=frozenset({"health"}),
)
BUSY = Rule(
    "high_cpu_usage",
    Compare(Reading("cpu_percent", name="cpu", unit="%"), Op.GT, 85.0),
    Severity.WARNING,
    Priority.P3,
    "CPU is at {cpu} %",
    reads=frozenset({"process"}),
)


def target(policy: RestartPolicy | None = None, *, supervised: bool = True) -> Target:
    checks = tuple(
        CheckSpec(name, kind, 1.0, 1.0, None) for name, kind in (("process", "process"), ("health", "http"))
    )
    return Target(
        name="summarybot",
        title="Summary Bot NG",
        checks=checks,
        rules=(DOWN, UNHEALTHY, BUSY),
        supervisor=SupervisorSpec("process", None) if supervised else None,
        restart=policy or RestartPolicy(),
    )


PATIENT = IncidentPolicy(dict.fromkeys(Priority, 0.0), ack=0.0, reopen=0.0, flaps=0, group=0.0)
"""No deadlines, nothing reopened, nothing grouped: for tests of other things."""


@dataclass
class Drive:
    """One target, its state, and everything that was decided so far."""

    state: State
    now: Moment = START
    changes: list[Change] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    policy: IncidentPolicy = PATIENT

    def __post_init__(self) -> None:
        self.state.policy = self.policy

    @classmethod
    def of(cls, policy: RestartPolicy | None = None, *, supervised: bool = True) -> Drive:
        return cls(State.of([target(policy, supervised=supervised)], {"ops": Audience()}))

    def give(self, given: Input, after: float = 0.0) -> Step:
        self.now = self.now.after(after)
        decided = step(self.state, given, self.now)
        self.state.apply(decided.changes)
        self.changes += decided.changes
        self.effects += decided.effects
        return decided

    def see(self, check: str, outcome: Outcome, after: float = 1.0, **metrics: float) -> Step:
        self.now = self.now.after(after)
        return self.give(SampleSeen(Sample("summarybot", check, self.now, outcome, "seen", metrics)))

    def tick(self, after: float) -> Step:
        return self.give(Tick(), after)

    def runs(self, pid: int = 10, generation: int = 0) -> Running:
        """It runs; `generation` 0: somebody else started it."""
        running = Running(ProcessId("boot-1", pid, 1), self.now, generation)
        self.give(ProcessFound("summarybot", running))
        return running

    def crashes(self, **how: int) -> Step:
        running = self.state.known["summarybot"].running
        assert running is not None
        ended = Exit(self.now, **(how or {"code": 1}))  # type: ignore[arg-type]
        return self.give(ProcessEnded("summarybot", running, ended))

    @property
    def started(self) -> list[RunAction]:
        return [e for e in self.effects if isinstance(e, RunAction)]

    @property
    def told(self) -> list[str]:
        return [c.kind.value for c in self.changes if isinstance(c, Notice)]

    @property
    def incident(self) -> Incident:
        return self.state.incidents[max(self.state.incidents)]

    def due_in(self) -> float | None:
        due = next_due(self.state, self.now)
        return None if due is None else due.mono - self.now.mono
