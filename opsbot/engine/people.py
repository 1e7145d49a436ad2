"""What people ask for."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import Pause, Wanted
from opsbot.domain.actor import AUTO, Actor
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import NoticeKind
from opsbot.engine import incidents, repair, restarts
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import Acknowledge, ActionAsked, Adopted, PauseAsked
from opsbot.engine.restarts import Answer
from opsbot.errors import Refused


def acknowledge(draft: Draft, asked: Acknowledge) -> None:
    """Takes an incident on for somebody.

    Raises:
        Refused: it is over, somebody has it already, or there is no such incident.
    """
    incident = draft.incident(asked.incident)
    why_not = _why_not_acknowledge(asked.incident, incident)
    if incident is None or why_not:
        draft.audit(asked.actor, "acknowledge", incident.target if incident else "", "refused", why_not)
        raise Refused(why_not)
    changed = incidents.acknowledged(incident, asked.actor, asked.reason, draft.now)
    draft.put_incident(changed, NoticeKind.CHANGED, changed.timeline[-1])
    draft.audit(asked.actor, "acknowledge", incident.target, "allowed", asked.reason)


def _why_not_acknowledge(number: int, incident: Incident | None) -> str:
    if incident is None:
        return f"There is no incident #{number} among the recent ones."
    if not incident.live:
        return f"Incident #{number} is already resolved."
    if incident.state is IncidentState.ACKNOWLEDGED and incident.acknowledged_by:
        return f"Incident #{number} is already acknowledged by {incident.acknowledged_by.name}."
    return ""


def pause(draft: Draft, asked: PauseAsked) -> Pause:
    """Holds a target's automation."""
    until = draft.now.after(asked.seconds)
    held = Pause(asked.target, until, asked.actor, asked.reason, draft.now)
    draft.put_pause(asked.target, held)
    draft.audit(asked.actor, "pause", asked.target, "allowed", asked.reason)
    _note(draft, asked.target, f"automation paused: {asked.reason}", asked.actor)
    return held


def resume(draft: Draft, target: str, actor: Actor) -> bool:
    """Ends a pause; False when there was none."""
    if draft.pause(target) is None:
        return False
    draft.put_pause(target, None)
    draft.audit(actor, "resume", target, "allowed")
    _note(draft, target, "automation resumed" if actor != AUTO else "the pause is over", actor)
    return True


def ask(draft: Draft, asked: ActionAsked) -> None:
    """Begins a person's restart, start or stop.

    Raises:
        Refused: one is in progress, or the target has no supervisor.
    """
    known = draft.state.known[asked.target]
    ruling = restarts.person(repair.situation(draft, known))
    if ruling.answer is not Answer.GO:
        draft.audit(asked.actor, asked.kind.value, asked.target, "refused", ruling.reason)
        raise Refused(f"Not now: {ruling.reason}.")
    known.hopeless = ""
    repair.begin(draft, known, asked.kind, asked.actor, asked.reason, asked.incident)


def adopt(draft: Draft, done: Adopted) -> None:
    """A process is the target's on a person's word: whoever says so wants it to run, also after a stop."""
    reason = f"pid {done.pid}"
    draft.audit(done.actor, "adopt", done.target, "allowed", reason)
    desired = draft.desired(done.target)
    if desired is not None and desired.wanted is Wanted.STOPPED:
        reason = f"adopted as {reason}"
        draft.add(replace(desired, wanted=Wanted.RUNNING, actor=done.actor, reason=reason, at=draft.now))
    _note(draft, done.target, f"pid {done.pid} was taken for it", done.actor)


def _note(draft: Draft, target: str, text: str, actor: Actor) -> None:
    live = draft.live(target)
    if live is not None:
        entry = Entry(draft.now, EntryKind.SAID, text, actor)
        draft.put_incident(replace(incidents.noted(live, entry)), NoticeKind.CHANGED, entry)
