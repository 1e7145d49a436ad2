"""What a sequence of changes leaves, in plain memory: the meaning of `StateStore` without a file.

The journal's batches are laid over a loaded state with it, and the in-memory fake stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from opsbot.domain.action import LOOKS, Action, ActionState, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import Change, NoticeDone, PauseEnded, TimelineLine
from opsbot.domain.diagnostics import APART
from opsbot.domain.incident import TIMELINE_SHOWN, Entry, Incident
from opsbot.domain.levels import AlertState
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, Receipt
from opsbot.domain.silence import Deploy, Silence
from opsbot.stores.base import BUDGET_SECONDS, RECENT_SECONDS, Persisted


def end_of_incident(incident: Incident) -> Moment | None:
    """When it was resolved; None while it lives."""
    return None if incident.live else incident.resolved_at or incident.opened


def open_between(incident: Incident, since: float, until: float) -> bool:
    """Whether it was open at some time between two (seconds since 1970 UTC)."""
    end = end_of_incident(incident)
    return incident.opened.wall < until and (end is None or end.wall > since)


def end_of_action(action: Action) -> Moment | None:
    """When it ended; None while it runs."""
    return None if action.state is ActionState.RUNNING else action.ended or action.asked


def is_look(action: Action) -> bool:
    """Whether it only looked into its target."""
    return action.kind in LOOKS


def order_of_action(action: Action) -> int:
    """Actions are loaded in the order in which they were asked for."""
    return action.id


def order_of_mark(mark: RestartMark) -> tuple[float, float, str]:
    """Restarts are loaded oldest first."""
    return (mark.at.mono, mark.at.wall, mark.target)


@dataclass(slots=True)
class Rows:
    """Tables in memory; `done`: the moment at which a notice was delivered or given up."""

    alerts: dict[tuple[str, str], Alert] = field(default_factory=dict)
    incidents: dict[int, Incident] = field(default_factory=dict)
    timelines: dict[int, list[Entry]] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    desired: dict[str, Desired] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    silences: dict[int, Silence] = field(default_factory=dict)
    deploys: dict[str, Deploy] = field(default_factory=dict)
    restarts: dict[tuple[str, Moment], RestartMark] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    done: dict[int, Moment] = field(default_factory=dict)
    receipts: dict[tuple[int, str], Receipt] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    next_incident: int = 1
    next_action: int = 1
    next_notice: int = 1
    next_silence: int = 1

    @classmethod
    def of(cls, loaded: Persisted) -> Rows:
        """The tables that load as `loaded`."""
        rows = cls(
            next_incident=loaded.next_incident,
            next_action=loaded.next_action,
            next_notice=loaded.next_notice,
            next_silence=loaded.next_silence,
        )
        rows.apply([*loaded.alerts, *loaded.incidents, *loaded.actions, *loaded.desired], Moment(0, 0))
        rows.apply([*loaded.pauses, *loaded.restarts, *loaded.notices], Moment(0, 0))
        rows.apply([*loaded.silences, *loaded.deploys, *loaded.looks], Moment(0, 0))
        rows.timelines = {incident.id: list(incident.timeline) for incident in loaded.incidents}
        rows.receipts = {(each.incident, each.notifier): each for each in loaded.receipts}
        return rows

    def apply(self, changes: Iterable[Change], at: Moment) -> None:
        """What one batch, committed `at`, changes."""
        for change in changes:
            self._apply(change, at)

    def _apply(self, change: Change, at: Moment) -> None:
        match change:
            case Alert():
                self._alert(change)
            case Incident():
                self.incidents[change.id] = change
                self.next_incident = max(self.next_incident, change.id + 1)
            case TimelineLine():
                self.timelines.setdefault(change.incident, []).append(change.entry)
            case Action():
                self.actions[change.id] = change
                self.next_action = max(self.next_action, change.id + 1)
            case Desired():
                self.desired[change.target] = change
            case Pause() | PauseEnded() | Silence() | Deploy():
                self._held(change)
            case RestartMark():
                self.restarts[(change.target, change.at)] = change
            case AuditEntry():
                self.audit.append(change)
            case Notice():
                self._notice(change)
            case NoticeDone():
                self._done(change, at)

    def _held(self, change: Pause | PauseEnded | Silence | Deploy) -> None:
        match change:
            case Pause():
                self.pauses[change.target] = change
            case PauseEnded():
                self.pauses.pop(change.target, None)
            case Deploy():
                self.deploys[change.target] = change
            case Silence():
                self.next_silence = max(self.next_silence, change.id + 1)
                if change.ended is None:
                    self.silences[change.id] = change
                else:
                    self.silences.pop(change.id, None)

    def _alert(self, alert: Alert) -> None:
        if alert.state is AlertState.INACTIVE:
            self.alerts.pop(alert.key, None)
        else:
            self.alerts[alert.key] = alert

    def _notice(self, notice: Notice) -> None:
        self.next_notice = max(self.next_notice, notice.id + 1)
        if notice.id not in self.done:
            self.notices[notice.id] = notice

    def _done(self, change: NoticeDone, at: Moment) -> None:
        if change.notice in self.notices:
            self.done.setdefault(change.notice, at)
        if change.receipt is not None:
            self.receipts[(change.receipt.incident, change.receipt.notifier)] = change.receipt

    def incident(self, number: int) -> Incident | None:
        """With the newest lines of its timeline."""
        found = self.incidents.get(number)
        if found is None:
            return None
        return replace(found, timeline=tuple(self.timelines.get(number, ())[-TIMELINE_SHOWN:]))

    def persisted(self, now: Moment) -> Persisted:
        """What a start at `now` loads."""
        waiting = [self.notices[key] for key in sorted(self.notices) if key not in self.done]
        wanted = {notice.incident for notice in waiting}
        shown = [key for key in sorted(self.incidents) if key in wanted or self._recent(key, now)]
        over = [(a, end) for a in self.actions.values() if is_look(a) and (end := end_of_action(a))]
        restarts = [mark for mark in self.restarts.values() if now.mono - mark.at.mono <= BUDGET_SECONDS]
        return Persisted(
            alerts=[self.alerts[key] for key in sorted(self.alerts)],
            incidents=[each for each in map(self.incident, shown) if each is not None],
            actions=[self.actions[k] for k in sorted(self.actions) if not end_of_action(self.actions[k])],
            looks=sorted((a for a, end in over if now.mono - end.mono <= APART), key=order_of_action),
            desired=[self.desired[key] for key in sorted(self.desired)],
            pauses=[self.pauses[key] for key in sorted(self.pauses)],
            silences=[self.silences[key] for key in sorted(self.silences)],
            deploys=[self.deploys[key] for key in sorted(self.deploys)],
            restarts=sorted(restarts, key=order_of_mark),
            notices=waiting,
            receipts=[self.receipts[key] for key in sorted(self.receipts) if key[0] in shown],
            next_incident=self.next_incident,
            next_action=self.next_action,
            next_notice=self.next_notice,
            next_silence=self.next_silence,
        )

    def _recent(self, number: int, now: Moment) -> bool:
        end = end_of_incident(self.incidents[number])
        return end is None or now.mono - end.mono <= RECENT_SECONDS

    def prune(self, before: float) -> int:
        """Removes what ended before `before` (mono) and nothing waits for; returns how many incidents."""
        ends = {key: end_of_incident(each) for key, each in self.incidents.items()}
        waited = {each.incident for key, each in self.notices.items() if key not in self.done}
        gone = [k for k, end in ends.items() if end and end.mono < before and k not in waited]
        for key in gone:
            del self.incidents[key]
            self.timelines.pop(key, None)
        for receipt in [key for key in self.receipts if key[0] in gone]:
            del self.receipts[receipt]
        for notice in [key for key, at in self.done.items() if at.mono < before]:
            del self.notices[notice], self.done[notice]
        for action in [k for k, a in self.actions.items() if (end := end_of_action(a)) and end.mono < before]:
            del self.actions[action]
        return len(gone)
