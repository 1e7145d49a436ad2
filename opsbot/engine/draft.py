"""A step in the making: later decisions of one step see the earlier ones, the state sees none of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opsbot.domain.action import Action, ActionState, Desired, Pause
from opsbot.domain.actor import Actor
from opsbot.domain.alert import Alert
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import Change, NoticeDone, PauseEnded, TimelineLine
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, NoticeKind
from opsbot.domain.rule import ActionKind
from opsbot.domain.silence import Silence
from opsbot.engine.state import State


@dataclass(frozen=True, slots=True)
class RunAction:
    """The remediator is to run an action that is committed."""

    action: Action
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class LookNow:
    """The scheduler is to look at a target at once."""

    target: str


@dataclass(frozen=True, slots=True)
class ReadLastLines:
    """What a target said last is to be read, for its incident."""

    target: str


@dataclass(frozen=True, slots=True)
class LookAround:
    """opsbot is to find out whether it is cut off itself, and how Discord is."""


Effect = RunAction | LookNow | ReadLastLines | LookAround


@dataclass(slots=True)
class Draft:
    """Changes of one step, in the making. Nothing in `state` is touched."""

    state: State
    now: Moment
    effects: list[Effect] = field(default_factory=list)
    due_changed: bool = False
    _alerts: dict[tuple[str, str], Alert] = field(default_factory=dict)
    _incidents: dict[int, Incident] = field(default_factory=dict)
    _actions: dict[int, Action] = field(default_factory=dict)
    _telling: dict[int, NoticeKind] = field(default_factory=dict)
    _calls: dict[tuple[str, int], NoticeKind] = field(default_factory=dict)
    _pauses: dict[str, Pause | None] = field(default_factory=dict)
    _silences: dict[int, Silence] = field(default_factory=dict)
    _others: list[Change] = field(default_factory=list)

    def add(self, change: Change) -> None:
        """Adds a change that no later decision of the step looks at."""
        self._others.append(change)

    # -- looking

    def alert(self, target: str, rule: str) -> Alert | None:
        """An alert as it will be."""
        return self._alerts.get((target, rule)) or self.state.alerts.get((target, rule))

    def alerts_of(self, target: str) -> list[Alert]:
        """All alerts of a target as they will be."""
        merged = self.state.alerts_of(target)
        merged.update({a.rule: a for a in self._alerts.values() if a.target == target})
        return list(merged.values())

    def incident(self, number: int) -> Incident | None:
        """An incident as it will be."""
        return self._incidents.get(number) or self.state.incidents.get(number)

    def live(self, target: str) -> Incident | None:
        """The live incident of a target as it will be."""
        for incident in self._incidents.values():
            if incident.target == target and incident.live:
                return incident
        known = self.state.live(target)
        return None if known is None or known.id in self._incidents else known

    def live_incidents(self) -> list[Incident]:
        """All that will not be resolved, oldest first."""
        merged = {i.id: i for i in self.state.live_incidents()} | self._incidents
        return [merged[number] for number in sorted(merged) if merged[number].live]

    def last(self, target: str) -> Incident | None:
        """The incident of a target that will be the one resolved last."""
        over = [i for i in self._incidents.values() if i.target == target and not i.live]
        known = self.state.last(target)
        return over[-1] if over else (None if known is None else self._incidents.get(known.id, known))

    def muted_alerts(self) -> list[Alert]:
        """The firing alerts that nobody will be told of."""
        merged = {key: self.state.alerts[key] for key in self.state.muted} | self._alerts
        return [alert for alert in merged.values() if alert.firing and alert.muted]

    def silences(self) -> list[Silence]:
        """Those that will not have ended."""
        merged = self.state.silences | self._silences
        return [one for one in merged.values() if one.ended is None]

    def action_on(self, target: str) -> Action | None:
        """The start, stop or restart that will be running on a target."""
        for action in self._actions.values():
            if action.target == target and action.on_service:
                return action if action.state is ActionState.RUNNING else None
        return self.state.action_on(target)

    def rotation_of(self, target: str) -> Action | None:
        """The rotation of its log that will be running."""
        for action in self._actions.values():
            if action.target == target and action.kind is ActionKind.ROTATE_LOGS:
                return action if action.state is ActionState.RUNNING else None
        return self.state.rotation_of(target)

    def look_into(self, target: str, kind: ActionKind) -> Action | None:
        """The investigation, close watch or check of its keys that will be running."""
        merged = (self.state.actions | self._actions).values()
        found = (a for a in merged if a.target == target and a.kind is kind)
        return next((a for a in found if a.state is ActionState.RUNNING), None)

    def changed_alerts(self) -> list[Alert]:
        """The alerts that this step changes, as they will be."""
        return list(self._alerts.values())

    def changed_incidents(self) -> list[Incident]:
        """The incidents that this step changes, as they will be."""
        return list(self._incidents.values())

    def desired(self, target: str) -> Desired | None:
        """The desired state as it will be."""
        new = [c for c in self._others if isinstance(c, Desired) and c.target == target]
        return new[-1] if new else self.state.desired.get(target)

    def pause(self, target: str) -> Pause | None:
        """The pause as it will be."""
        if target in self._pauses:
            return self._pauses[target]
        return self.state.pauses.get(target)

    def loud(self) -> list[int]:
        """The incidents that are told loudly in this step."""
        return [number for number, kind in self._telling.items() if kind.loud]

    def told_of(self, incident: Incident) -> list[str]:
        """Who is told of such an incident."""
        return [
            name
            for name, audience in self.state.notifiers.items()
            if audience.wants(incident) and (not audience.reserve or name in incident.called)
        ]

    def _knowing(self, incident: Incident) -> list[str]:
        """Who was told of it before it became one that they do not want: they hear how it goes on, so that
        nothing looks open for ever, but not loudly."""
        receipts, waiting, number = self.state.receipts, self.state.waiting, incident.id
        known = [n for n in self.state.notifiers if (n, number) in receipts or waiting.of(n, number)]
        told = self.told_of(incident)
        return [name for name in known if name not in told]

    # -- deciding

    def put_alert(self, alert: Alert) -> None:
        """Sets an alert."""
        self._alerts[alert.key] = alert

    def put_incident(self, incident: Incident, tell: NoticeKind | None, entry: Entry | None = None) -> None:
        """Sets an incident; `tell` says how loudly, None not at all; `entry` goes into its timeline."""
        if tell is not None and incident.silenced:
            tell = NoticeKind.CHANGED
        if tell is not None and tell.loud:
            incident = replace(incident, alarms=incident.alarms + 1)
        self._incidents[incident.id] = incident
        if entry is not None:
            self.add(TimelineLine(incident.id, entry))
        if tell is not None:
            before = self._telling.get(incident.id, NoticeKind.CHANGED)
            self._telling[incident.id] = max(before, tell, key=lambda kind: kind.loudness)

    def call(self, notifier: str, incident: int, kind: NoticeKind) -> None:
        """One notifier is told of an incident in its own way, whatever the others are told."""
        self._calls[notifier, incident] = kind

    def heard(self, incident: int, but: str = "") -> None:
        """Nobody need be called in for the rows of an incident that wait, but for those of one notifier."""
        done = self._done()
        for row in self.state.unheard.rows(incident):
            if row.id not in done and row.notifier != but:
                self.add(replace(row, heard=True))

    def put_action(self, action: Action) -> None:
        """Sets an action."""
        self._actions[action.id] = action

    def put_pause(self, target: str, pause: Pause | None) -> None:
        """Sets or ends a pause."""
        self._pauses[target] = pause

    def put_silence(self, silence: Silence) -> None:
        """Sets a silence, or ends it."""
        self._silences[silence.id] = silence

    def audit(self, actor: Actor, verb: str, target: str, outcome: str, reason: str = "") -> None:
        """Records an act."""
        self.add(AuditEntry(self.now, actor, verb, target, outcome, reason))

    def next_incident(self) -> int:
        """A number for a new incident."""
        return max([self.state.next_incident - 1, *self._incidents]) + 1

    def next_silence(self) -> int:
        """A number for a new silence."""
        return max([self.state.next_silence - 1, *self._silences]) + 1

    def next_action(self) -> int:
        """A number for a new action."""
        return max([self.state.next_action - 1, *self._actions]) + 1

    # -- done

    def changes(self) -> list[Change]:
        """All changes, notices last."""
        changes: list[Change] = [*self._alerts.values(), *self._incidents.values(), *self._actions.values()]
        changes += [PauseEnded(t) if p is None else p for t, p in self._pauses.items()]
        changes += self._silences.values()
        changes += self._others
        return changes + self._notices()

    def _notices(self) -> list[Notice]:
        """Rows for all that is to be told. A row says only that somebody is to be told, so a second one of
        its kind would say nothing more; what comes while the first is told follows when that is over."""
        wanted: dict[tuple[str, int], NoticeKind] = {}
        for number, kind in self._telling.items():
            incident = self._incidents[number]
            wanted |= {(name, number): kind for name in self.told_of(incident)}
            quiet = NoticeKind.CHANGED if kind.loud else kind
            wanted |= {(name, number): quiet for name in self._knowing(incident)}
        wanted |= self._calls
        if self.state.policy.dry_run:  # what only a file is told disturbs nobody
            wanted = {key: kind for key, kind in wanted.items() if not self.state.is_people(key[0])}
        done = self._done()
        notices: list[Notice] = []
        for (name, number), kind in wanted.items():
            if kind not in self.state.waiting.kinds(name, number, done):
                notices.append(self._row(name, number, kind, len(notices)))
        return notices

    def _done(self) -> frozenset[int]:
        """The rows that this step ends."""
        return frozenset(c.notice for c in self._others if isinstance(c, NoticeDone))

    def _row(self, name: str, number: int, kind: NoticeKind, count: int) -> Notice:
        incident = self.incident(number)
        audience = self.state.notifiers.get(name)
        due = self.now
        if audience and incident and not (audience.edits and not kind.loud and self._stands(name, number)):
            due = audience.due(incident, self.now)
        return Notice(self.state.next_notice + count, name, number, kind, self.now, due)

    def _stands(self, name: str, number: int) -> bool:
        """Whether a notifier shows the incident, or is about to, and is to say nothing of it later."""
        rows = self.state.waiting.of(name, number)
        known = bool(rows) or (name, number) in self.state.receipts
        return known and all(row.due.mono <= self.now.mono for row in rows)
