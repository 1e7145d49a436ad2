"""One of each kind of change, for the tests of the stores."""

from __future__ import annotations

from opsbot.domain.action import Action, ActionState, Desired, Pause, RestartMark, Wanted
from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.alert import Alert
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import NoticeDone, TimelineLine
from opsbot.domain.incident import AlertLine, Entry, EntryKind, Incident
from opsbot.domain.levels import AlertState, IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, NoticeKind, Receipt
from opsbot.domain.rule import ActionKind

ANNA = Actor(ActorKind.DISCORD, "1001", "anna")


def alert(at: Moment, rule: str = "process_not_running", state: AlertState = AlertState.FIRING) -> Alert:
    return Alert(
        "bot", rule, state, Severity.CRITICAL, Priority.P1, at, "the bot is down", value=1.5, limit=1.0
    )


def incident(number: int, at: Moment, resolved: Moment | None = None) -> Incident:
    state = IncidentState.RESOLVED if resolved else IncidentState.OPEN
    line = AlertLine("process_not_running", Severity.CRITICAL, Priority.P1, True, at, "the bot is down")
    return Incident(
        number,
        "bot",
        "the bot is down",
        state,
        Priority.P1,
        Severity.CRITICAL,
        at,
        alerts=(line,),
        resolved_at=resolved,
    )


def said(number: int, at: Moment, text: str = "restarting it") -> TimelineLine:
    return TimelineLine(number, Entry(at, EntryKind.SAID, text, ANNA))


def action(number: int, at: Moment, state: ActionState = ActionState.RUNNING) -> Action:
    ended = None if state is ActionState.RUNNING else at
    return Action(number, "bot", ActionKind.RESTART, AUTO, "it died", at, 1, state=state, ended=ended)


def desired(at: Moment, generation: int = 1, wanted: Wanted = Wanted.RUNNING) -> Desired:
    return Desired("bot", generation, wanted, AUTO, "it died", at)


def pause(at: Moment, seconds: float) -> Pause:
    return Pause("bot", at.after(seconds), ANNA, "a deploy", at)


def mark(at: Moment, automatic: bool = True) -> RestartMark:
    return RestartMark("bot", at, automatic)


def act(at: Moment, verb: str = "restart", reason: str = "") -> AuditEntry:
    return AuditEntry(at, ANNA, verb, "bot", "allowed", reason)


def notice(number: int, at: Moment, incident_id: int = 1, kind: NoticeKind = NoticeKind.OPENED) -> Notice:
    return Notice(number, "discord", incident_id, kind, at, at)


def delivered(number: int, incident_id: int = 1, place: str = "7/70") -> NoticeDone:
    return NoticeDone(number, Receipt("discord", incident_id, place))
