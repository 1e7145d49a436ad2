"""Many targets that depend on something, driven as the pipeline drives them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from opsbot.domain.expr import Seen
from opsbot.domain.levels import IncidentState, Outcome, Priority, Severity
from opsbot.domain.notice import Audience, Notice, NoticeKind
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.domain.target import CheckSpec, Target
from opsbot.engine.inputs import SampleSeen
from opsbot.engine.state import State
from tests.engine.drive import Drive


def rule(name: str, priority: Priority = Priority.P1) -> Rule:
    return Rule(
        name,
        Seen("process", frozenset({Outcome.FAIL}), "process_not_running"),
        Severity.CRITICAL,
        priority,
        f"{name} of {{target}}",
        reads=frozenset({"process"}),
    )


def watched(name: str, *parents: str, rules: int = 1, priority: Priority = Priority.P1) -> Target:
    """Only watched, so that nothing is restarted."""
    return Target(
        name=name,
        title=name,
        checks=(CheckSpec("process", "process", 1.0, 1.0, None),),
        rules=tuple(rule(f"down_{number}", priority) for number in range(rules)),
        depends_on=parents,
    )


@dataclass
class Fleet(Drive):
    """`policy` as shipped."""

    policy: IncidentPolicy = field(default_factory=IncidentPolicy)

    @classmethod
    def made(cls, targets: Iterable[Target], policy: IncidentPolicy | None = None) -> Fleet:
        state = State.of(targets, {"ops": Audience(), "log": Audience(people=False)})
        return cls(state, policy=policy or IncidentPolicy())

    def look(self, name: str, outcome: Outcome, after: float = 1.0) -> None:
        self.now = self.now.after(after)
        self.give(SampleSeen(Sample(name, "process", self.now, outcome, "seen", {})))

    def breaks(self, name: str, after: float = 1.0) -> None:
        self.look(name, Outcome.FAIL, after)

    def works(self, name: str, after: float = 1.0) -> None:
        self.look(name, Outcome.OK, after)

    def is_open(self) -> bool:
        """Whether the newest incident lives."""
        return self.incident.live

    def stands(self) -> IncidentState:
        """How far the newest incident is."""
        return self.incident.state

    def wait(self, seconds: float) -> None:
        """As the pipeline waits: whatever becomes due meanwhile is decided in its time."""
        until = self.now.after(seconds)
        while (due := self.due_in()) is not None and self.now.after(due).mono < until.mono:
            self.tick(max(due, 0.02))
        self.tick(until.since(self.now))

    @property
    def pings(self) -> list[tuple[int, str]]:
        """What people were told loudly: incident and kind."""
        rows = [c for c in self.changes if isinstance(c, Notice) and c.notifier == "ops"]
        return [(row.incident, row.kind.value) for row in rows if row.kind.loud]

    def deliver_all(self) -> None:
        """Everything that waits is forgotten, as if it had been told."""
        for number in list(self.state.notices):
            self.state.waiting.drop(self.state.notices.pop(number))

    def told_kinds(self, number: int) -> list[NoticeKind]:
        return [c.kind for c in self.changes if isinstance(c, Notice) and c.incident == number]


def with_windows(fleet: Fleet, *windows: object) -> Fleet:
    fleet.state.windows = windows  # type: ignore[assignment]
    return fleet


def quick(**changes: float) -> IncidentPolicy:
    """The shipped policy with other times."""
    return replace(IncidentPolicy(), **changes)  # type: ignore[arg-type]
