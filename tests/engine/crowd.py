"""A fleet to which anything happens, and what must hold after each thing that does."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from opsbot.domain.alert import Alert
from opsbot.domain.change import Change, TimelineLine
from opsbot.domain.expr import Seen
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.notice import Audience, Chain, EscalationStep, Notice
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.domain.target import CheckSpec, Target
from opsbot.engine import muting
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import Input, SampleSeen
from opsbot.engine.state import State
from opsbot.engine.step import Step, next_due, step
from opsbot.runtime.succession import succeed
from tests.engine.fleet import Fleet

MANY = 5
"""Ticks at one moment that something may need until all of it is decided."""

GRAVE, MILD = "grave", "mild"
"""Checks of each target, and the rules that read them."""


def _rule(name: str, priority: Priority) -> Rule:
    return Rule(
        name,
        Seen(name, frozenset({Outcome.FAIL}), name),
        Severity.CRITICAL,
        priority,
        f"{name} trouble",
        reads=frozenset({name}),
    )


def member(name: str, *parents: str) -> Target:
    """Only watched; its two rules fire as soon as their check fails."""
    return Target(
        name=name,
        title=name,
        checks=tuple(CheckSpec(check, "disk", 1.0, 1.0, None) for check in (GRAVE, MILD)),
        rules=(_rule(GRAVE, Priority.P1), _rule(MILD, Priority.P3)),
        depends_on=parents,
    )


def crowd(targets: Iterable[Target], policy: IncidentPolicy) -> Crowd:
    """People who are told, a file, and people in reserve."""
    notifiers = {"ops": Audience(), "log": Audience(people=False), "boss": Audience(reserve=True)}
    chain = Chain(steps=(EscalationStep(900.0, ("boss",)),))
    return Crowd(State.of(targets, notifiers, chain), policy=policy)


def _sorted(changes: list[Change]) -> list[Change]:
    """Which of several alerts is changed first means nothing."""
    alerts = sorted((one for one in changes if isinstance(one, Alert)), key=lambda alert: alert.key)
    return [*alerts, *(one for one in changes if not isinstance(one, Alert))]


@dataclass
class Crowd(Fleet):
    """Looks at everything after each step. `twin`: the same, rebuilt from its decisions; it must decide the
    same from then on."""

    twin: State | None = None
    lines: Counter[int] = field(default_factory=Counter)
    known: dict[int, Incident] = field(default_factory=dict)

    def give(self, given: Input, after: float = 0.0) -> Step:
        now = self.now.after(after)
        mirrored = step(self.twin, given, now).changes if self.twin is not None else None
        decided = super().give(given, after)
        if self.twin is not None and mirrored is not None:
            assert _sorted(mirrored) == _sorted(decided.changes)
            self.twin.apply(mirrored)
        self._follow(decided.changes)
        self.check()
        return decided

    def sees(self, name: str, check: str, *, well: bool) -> None:
        outcome = Outcome.OK if well else Outcome.FAIL
        self.give(SampleSeen(Sample(name, check, self.now, outcome, "seen", {})))

    def passes(self, seconds: float) -> None:
        """As the pipeline waits; it never looks at the same moment again and again in vain."""
        until = self.now.after(seconds)
        looks, moment = 0, self.now.mono
        while (due := next_due(self.state, self.now)) is not None and due.mono <= until.mono:
            self.tick(max(0.0, due.mono - self.now.mono))
            looks = looks + 1 if self.now.mono == moment else 1
            moment = self.now.mono
            assert looks <= MANY, f"nothing but ticks: {due}"
        self.tick(until.since(self.now))

    def rebuild(self) -> None:
        """What was decided is all that a successor knows."""
        before = copy.deepcopy(self.state)
        targets = [known.target for known in before.known.values()]
        self.twin = State.of(targets, before.notifiers, before.chain)
        self.twin.policy, self.twin.windows = before.policy, before.windows
        succeed(self.twin, before, list(before.known))

    def _follow(self, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case TimelineLine():
                    self.lines[change.incident] += 1
                case Incident(id=number):
                    before = self.known.get(number)
                    if before is not None and before != replace(change, told=before.told):
                        assert change.version > before.version
        alarms = (one for one in changes if isinstance(one, Notice) and one.kind.loud and not one.heard)
        for notice in alarms:  # a row that is written once more, for somebody has heard, is none
            incident = self.state.incidents[notice.incident]
            before = self.known.get(notice.incident)
            assert not incident.silenced
            if notice.notifier == "ops":  # whoever is called in is told without an alarm to all
                assert incident.alarms > (before.alarms if before else 0), "an alarm is forgotten"
        self.known |= {change.id: change for change in changes if isinstance(change, Incident)}

    # -- what holds

    def check(self) -> None:
        """After each step."""
        self._one_each()
        for alert in self.state.alerts.values():
            if alert.firing:
                self._is_somewhere(*alert.key)
        for incident in self.state.live_incidents():
            self._counts(incident)
            self._says_why(incident)
        for silence in self.state.silences.values():
            assert not silence.until_resolved or self.state.incidents[silence.until_resolved].live
        for incident in self.state.incidents.values():
            assert incident.lines == self.lines[incident.id], f"lines of #{incident.id}"

    def _one_each(self) -> None:
        live = Counter(one.target for one in self.state.incidents.values() if one.live)
        assert all(count == 1 for count in live.values()), live

    def _is_somewhere(self, target: str, rule: str) -> None:
        alert = self.state.alerts[target, rule]
        own = self.state.live(target)
        shown = own is not None and any(line.rule == rule and line.firing for line in own.alerts)
        muted = alert.key in self.state.muted
        assert muted is bool(alert.muted)
        assert shown is not muted, f"{alert.key}: shown {shown}, muted {alert.muted!r}"
        if muted and not alert.host:
            assert muting.muted_by(Draft(self.state, self.now), alert), f"{alert.key}: {alert.muted}"
        if alert.host:
            host = self.state.incidents[alert.host]
            assert host.live, f"{alert.key} is counted into #{host.id}, which is over"
            assert host.target != target, f"{alert.key} is counted into its own #{host.id}"
            assert own is None, f"{alert.key} is counted into #{host.id} beside its own #{own and own.id}"
            assert rule in dict(self._affected(host)).get(target, ()), f"{alert.key} is not in #{host.id}"

    def _says_why(self, incident: Incident) -> None:
        """An incident is quiet exactly while something mutes all of it that fires."""
        draft = Draft(self.state, self.now)
        alerts = [self.state.alerts[incident.target, line.rule] for line in incident.alerts if line.firing]
        if alerts:
            muted = all(muting.muted_by(draft, alert) for alert in alerts)
            assert bool(incident.silenced) is muted, f"#{incident.id} says {incident.silenced!r}"

    def _counts(self, incident: Incident) -> None:
        """What an incident shows as firing does fire, and is counted into it."""
        assert not incident.part_of
        for line in incident.alerts:
            alert = self.state.alerts.get((incident.target, line.rule))
            assert line.firing is (alert is not None and alert.firing and not alert.muted), line.rule
        for target, rules in self._affected(incident):
            hosted = {
                a.rule
                for a in self.state.alerts.values()
                if a.firing and a.host == incident.id and a.target == target
            }
            assert set(rules) == hosted, f"{target} in #{incident.id}: {rules}, {hosted}"

    @staticmethod
    def _affected(incident: Incident) -> Iterator[tuple[str, tuple[str, ...]]]:
        return ((one.target, one.firing) for one in incident.affected)

    def is_calm(self) -> None:
        """When all was well for long enough, nothing is left."""
        assert not self.state.live_incidents()
        assert not self.state.muted
        assert not self.state.alerts
        assert not self.state.silences
        assert next_due(self.state, self.now) is None
