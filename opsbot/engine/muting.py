"""What keeps people from being told: silences, maintenance windows. What is muted still fires, is stored and
listed; under maintenance opsbot does nothing by itself either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from opsbot.domain.actor import AUTO, Actor
from opsbot.domain.alert import Alert
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.maintenance import Window
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind
from opsbot.domain.silence import Matcher, Silence
from opsbot.engine import incidents
from opsbot.engine.draft import Draft
from opsbot.engine.restarts import Answer, Ruling
from opsbot.engine.state import State


def muted_by(draft: Draft, alert: Alert) -> str:
    """What keeps people from being told of an alert, one clause; empty when nothing does."""
    for silence in in_force(draft):
        if silence.fits(alert):
            return words(silence)
    for window, until in _windows(draft, alert.target):
        return _window_words(window, until)
    return ""


def in_force(draft: Draft) -> list[Silence]:
    """The silences that hold now, in the order in which they end."""
    held = [one for one in draft.silences() if _holds(draft, one)]
    return sorted(held, key=lambda one: one.until.mono)


def maintained(draft: Draft, target: str) -> Ruling | None:
    """What maintenance says against doing anything to a target by itself."""
    for silence in in_force(draft):
        if silence.maintenance and silence.matcher.about(target):
            return Ruling(Answer.NO, words(silence), silence.until)
    for window, until in _windows(draft, target):
        return Ruling(Answer.NO, _window_words(window, until), until)
    return None


def words(silence: Silence) -> str:
    """Who silenced it, until when and why."""
    verb = "under maintenance" if silence.maintenance else "silenced"
    until = (
        f"until incident #{silence.until_resolved} is over"
        if silence.until_resolved
        else f"until {clock(silence.until)}"
    )
    why = f": {silence.reason}" if silence.reason else ""
    return f"{verb} by {silence.actor.name} {until}{why}"


def clock(at: Moment) -> str:
    """A moment for texts that are stored."""
    return f"{datetime.fromtimestamp(at.wall, UTC):%Y-%m-%d %H:%M} UTC"


def end(draft: Draft, silence: Silence, actor: Actor) -> Silence:
    """Ends a silence before its time, or because its time is over."""
    ended = replace(silence, ended=actor)
    draft.put_silence(ended)
    return ended


def expire(draft: Draft) -> None:
    """Forgets the silences that are over."""
    for silence in draft.silences():
        if not _holds(draft, silence):
            end(draft, silence, AUTO)


def end_with(draft: Draft) -> None:
    """Ends the silences that were to last until an incident was over, so that none comes back with it."""
    for silence in draft.silences():
        if silence.until_resolved and not _holds(draft, silence):
            end(draft, silence, AUTO)


def next_due(state: State, now: Moment) -> list[Moment]:
    """When time alone ends a silence, or begins or ends a maintenance window."""
    due = [one.until for one in state.silences.values()]
    return due + [at for one in state.windows if (at := one.next_change(now)) is not None]


def mark(draft: Draft, incident: Incident) -> Incident:
    """The incident with what silences it: everything of it that fires must be muted."""
    lines = incidents.firing(incident)
    found = ""
    for line in lines:
        alert = draft.alert(incident.target, line.rule)
        found = muted_by(draft, alert) if alert is not None else ""
        if not found:
            break
    if not lines:
        found = incident.silenced  # it is over, or about to be
    return incident if found == incident.silenced else _marked(draft, incident, found)


def _marked(draft: Draft, incident: Incident, found: str) -> Incident:
    policy = draft.state.policy
    waits = incident.live and incident.acknowledged_by is None
    due = policy.deadline(incident.priority, draft.now) if waits and not found else None
    return replace(incident, silenced=found, due=due, version=incident.version + 1)


def remark(draft: Draft, reason: str, actor: Actor | None = None) -> None:
    """After silences have changed: every live incident shows what silences it now."""
    for known in draft.live_incidents():
        changed = mark(draft, known)
        if changed is not known:
            text = changed.silenced or reason
            entry = Entry(draft.now, EntryKind.SAID if actor else EntryKind.DECIDED, text, actor)
            draft.put_incident(incidents.noted(changed, entry), NoticeKind.CHANGED, entry)


def _holds(draft: Draft, silence: Silence) -> bool:
    if silence.ended is not None or silence.until.mono <= draft.now.mono:
        return False
    if not silence.until_resolved:
        return True
    incident = draft.incident(silence.until_resolved)
    return incident is not None and incident.live


def _windows(draft: Draft, target: str) -> Iterator[tuple[Window, Moment]]:
    for window in draft.state.windows:
        if Matcher(window.targets).about(target):
            until = window.covering(draft.now)
            if until is not None:
                yield window, until


def _window_words(window: Window, until: Moment) -> str:
    why = f": {window.reason}" if window.reason else ""
    return f"maintenance window “{window.name}” until {clock(until)}{why}"
