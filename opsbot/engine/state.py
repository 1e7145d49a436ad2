"""What opsbot knows and has decided.

Two kinds of knowledge. *Decisions* (alerts, incidents, desired states, notices, …) are durable; they change
only through `apply`, after the store has committed them. *Observations* (newest samples, windows, which
process runs) are what the world looks like; after a restart they are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opsbot.domain.action import LOOKS, Action, ActionState, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import Change, NoticeDone, PauseEnded, TimelineLine
from opsbot.domain.incident import Incident
from opsbot.domain.levels import AlertState
from opsbot.domain.maintenance import Window
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Audience, Chain, Notice, Receipt
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.process import Exit, Running
from opsbot.domain.reach import Reach
from opsbot.domain.rule import ActionKind
from opsbot.domain.sample import Sample
from opsbot.domain.silence import Deploy, Silence
from opsbot.domain.target import Target
from opsbot.engine.alerts import Progress
from opsbot.engine.conditions import View
from opsbot.engine.restarts import HOUR
from opsbot.engine.unheard import Unheard
from opsbot.engine.waiting import Waiting
from opsbot.engine.windows import Windows, needs

RESOLVED_KEPT = 200
"""Resolved incidents kept in memory for answers about the recent past; the store keeps all."""

WAITING_KEPT = 2000
"""Resolved incidents kept in memory because somebody is still to be told of them; of more than that only
where they stand is remembered, and the store is asked when it is their turn."""


@dataclass(slots=True)
class Known:
    """What is known of one target.

    `progress`: how far each rule is, by its name. `handover_until`: an exit that may be no crash is followed
    by a time in which somebody else may start it. `settled`: when the last action on it ended: older samples
    are no evidence. `hopeless`: why starting it again cannot help until a person acts, empty while it may;
    `alike`: processes that look like it.
    `relieved_until`: so long another supervisor may start it by itself. `answered`: checks that were good
    since the process that runs was found. `rotated`: when the last rotation of its log ended;
    `rotation_failed`: the same, if it failed. `looked_into`: when opsbot last began to
    look into it by itself, by the kind of look. `failing`: checks whose newest sample is bad. `unsure`: rules
    that would fire, each with the moment since when opsbot makes sure that it is not cut off itself.
    """

    target: Target
    view: View
    progress: dict[str, Progress]
    running: Running | None = None
    exit: Exit | None = None
    looked: bool = False
    handover_until: Moment | None = None
    settled: Moment | None = None
    hopeless: str = ""
    alike: int = 0
    relieved_until: Moment | None = None
    rotated: Moment | None = None
    rotation_failed: Moment | None = None
    looked_into: dict[ActionKind, Moment] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    unsure: dict[str, Moment] = field(default_factory=dict)


def known_of(target: Target) -> Known:
    """Nothing seen yet of a target."""
    usual = {c.name: c.interval + c.timeout for c in target.checks}
    windows = Windows(needs(target.rules), usual)
    progress = {rule.name: Progress(windows.interval(rule.reads)) for rule in target.rules}
    return Known(target, View(windows), progress)


@dataclass(slots=True)
class State:
    """All of it. `notifiers`: what each is told. `unheard`: of what somebody still has to hear. `stuck`:
    notifiers that are known not to deliver. `windows`: of maintenance. `silences`: in force; `muted`: keys of
    alerts that fire and are told nobody. `deploys`: the last of each target."""

    known: dict[str, Known]
    notifiers: Mapping[str, Audience]
    chain: Chain = field(default_factory=Chain)
    policy: IncidentPolicy = field(default_factory=IncidentPolicy)
    windows: tuple[Window, ...] = ()
    silences: dict[int, Silence] = field(default_factory=dict)
    deploys: dict[str, Deploy] = field(default_factory=dict)
    muted: dict[tuple[str, str], None] = field(default_factory=dict)
    alerts: dict[tuple[str, str], Alert] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    desired: dict[str, Desired] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    restarts: dict[str, list[RestartMark]] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    receipts: dict[tuple[str, int], Receipt] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)
    unheard: Unheard = field(default_factory=Unheard)
    stuck: set[str] = field(default_factory=set)
    degraded_since: Moment | None = None
    reach: Reach = field(default_factory=Reach)
    next_incident: int = 1
    next_action: int = 1
    next_notice: int = 1
    next_silence: int = 1
    _alerts: dict[str, dict[str, Alert]] = field(default_factory=dict)  # of each target, by rule
    _live: dict[str, int] = field(default_factory=dict)
    _over: dict[int, None] = field(default_factory=dict)  # resolved incidents, in that order
    _last: dict[str, int] = field(default_factory=dict)  # the one of each target that was resolved last

    @classmethod
    def of(
        cls, targets: Iterable[Target], notifiers: Mapping[str, Audience], chain: Chain | None = None
    ) -> State:
        """An empty state for targets and notifiers."""
        return cls({t.name: known_of(t) for t in targets}, notifiers, chain or Chain())

    def alerts_of(self, target: str) -> dict[str, Alert]:
        """The alerts of a target by rule, without a look at those of all others."""
        return dict(self._alerts.get(target, ()))

    def live(self, target: str) -> Incident | None:
        """The live incident of a target, if it has one."""
        number = self._live.get(target)
        return None if number is None else self.incidents[number]

    def last(self, target: str) -> Incident | None:
        """The incident of a target that was resolved last, if it is still remembered."""
        number = self._last.get(target)
        return None if number is None else self.incidents.get(number)

    def live_incidents(self) -> list[Incident]:
        """All that are not resolved, oldest first."""
        return [self.incidents[number] for number in sorted(self._live.values())]

    def action_on(self, target: str) -> Action | None:
        """The start, stop or restart running on a target, if one does."""
        return next((a for a in self.actions.values() if a.target == target and a.on_service), None)

    def rotation_of(self, target: str) -> Action | None:
        """The rotation of its log that is running, if one is."""
        kind = ActionKind.ROTATE_LOGS
        return next((a for a in self.actions.values() if a.target == target and a.kind is kind), None)

    def observe(self, sample: Sample) -> None:
        """Takes a sample into the windows of its target."""
        known = self.known[sample.target]
        known.view.observe(sample)
        if (
            known.running is not None
            and not sample.outcome.bad
            and sample.at.mono >= known.running.since.mono
        ):
            known.answered.add(sample.check)

    def children(self, target: str) -> list[Known]:
        """The targets that depend on one."""
        return [known for known in self.known.values() if target in known.target.depends_on]

    def apply(self, changes: Iterable[Change]) -> None:
        """Takes over what the store has committed."""
        for change in changes:
            self._apply(change)

    def _apply(self, change: Change) -> None:
        match change:
            case Alert():
                self._apply_alert(change)
            case Incident():
                self._apply_incident(change)
            case Action():
                self._apply_action(change)
            case Desired():
                self.desired[change.target] = change
            case RestartMark():
                self._apply_mark(change)
            case Notice():
                self._apply_notice(change)
            case NoticeDone():
                self._apply_done(change)
            case Pause() | PauseEnded() | Silence() | Deploy():
                self._apply_held(change)
            case TimelineLine() | AuditEntry():
                pass  # for the store alone

    def _apply_alert(self, alert: Alert) -> None:
        self.muted.pop(alert.key, None)
        if alert.firing and alert.muted:
            self.muted[alert.key] = None
        if alert.state is AlertState.INACTIVE:
            self.alerts.pop(alert.key, None)
            self._alerts.get(alert.target, {}).pop(alert.rule, None)
        else:
            self.alerts[alert.key] = alert
            self._alerts.setdefault(alert.target, {})[alert.rule] = alert

    def _apply_action(self, action: Action) -> None:
        self.next_action = max(self.next_action, action.id + 1)
        if action.state is ActionState.RUNNING:
            self.actions[action.id] = action
            return
        self.actions.pop(action.id, None)
        known = self.known.get(action.target)
        if known is not None and action.on_service:
            known.settled = action.ended
        elif known is not None and action.kind in LOOKS:
            known.looked_into[action.kind] = action.asked
        elif known is not None:
            known.rotated = action.ended
            known.rotation_failed = action.ended if action.state is ActionState.FAILED else None

    def _apply_held(self, change: Pause | PauseEnded | Silence | Deploy) -> None:
        match change:
            case Pause():
                self.pauses[change.target] = change
            case PauseEnded(target=target):
                self.pauses.pop(target, None)
            case Deploy():
                self.deploys[change.target] = change
            case Silence(id=number, ended=None):
                self.silences[number] = change
                self.next_silence = max(self.next_silence, number + 1)
            case Silence(id=number):
                self.silences.pop(number, None)

    def _apply_mark(self, mark: RestartMark) -> None:
        marks = [m for m in self.restarts.get(mark.target, []) if mark.at.since(m.at) < HOUR]
        self.restarts[mark.target] = [*marks, mark]

    def _apply_incident(self, incident: Incident) -> None:
        self.incidents[incident.id] = incident
        self.next_incident = max(self.next_incident, incident.id + 1)
        self.waiting.changed(incident.id)
        if incident.live:
            self._over.pop(incident.id, None)
            self._live[incident.target] = incident.id
            return
        self._last[incident.target] = max(incident.id, self._last.get(incident.target, 0))
        if self._live.get(incident.target) == incident.id:
            del self._live[incident.target]
        self._over[incident.id] = None
        self._forget_old_incidents()

    def _apply_notice(self, notice: Notice) -> None:
        self.notices[notice.id] = notice
        self.next_notice = max(self.next_notice, notice.id + 1)
        self.waiting.add(notice)
        if notice.kind.loud and not notice.heard and self.is_people(notice.notifier):
            self.unheard.add(notice)
        else:
            self.unheard.drop(notice)

    def is_people(self, notifier: str) -> bool:
        """Whether somebody reads what is told there; taken for granted of one that is not configured."""
        return self.notifiers.get(notifier, Audience()).people

    def _apply_done(self, done: NoticeDone) -> None:
        if done.receipt is not None:
            self.receipts[done.receipt.notifier, done.receipt.incident] = done.receipt
        notice = self.notices.pop(done.notice, None)
        if notice is None:
            return
        self.waiting.drop(notice)
        self.unheard.drop(notice)
        if notice.incident not in self.incidents:
            self._forget_receipts(notice.incident)

    def _forget_old_incidents(self) -> None:
        while len(self._over) > RESOLVED_KEPT:
            patient = len(self._over) <= WAITING_KEPT
            number = next((n for n in self._over if not (patient and self.waiting.notifiers(n))), None)
            if number is None:
                return
            del self._over[number], self.incidents[number]
            self._forget_receipts(number)

    def _forget_receipts(self, number: int) -> None:
        """Where an incident stood, unless somebody is still to be told of it."""
        if not self.waiting.notifiers(number):
            for name in self.notifiers:
                self.receipts.pop((name, number), None)
