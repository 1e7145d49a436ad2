"""What people ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from opsbot.domain.action import Pause, Wanted
from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import AlertState, IncidentState
from opsbot.domain.notice import NoticeKind
from opsbot.domain.silence import LONGEST, Deploy, Matcher, Silence
from opsbot.engine import alerts, incidents, muting, opening, repair, restarts
from opsbot.engine.alerts import Progress
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import (
    Acknowledge,
    ActionAsked,
    Adopted,
    AssignAsked,
    DeployAsked,
    NoteAsked,
    PauseAsked,
    ResolveAsked,
    SilenceAsked,
    UnsilenceAsked,
)
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


def note(draft: Draft, asked: NoteAsked) -> None:
    """Adds a line to an incident's timeline, also after its end.

    Raises:
        Refused: there is no such incident among the recent ones.
    """
    incident = _known(draft, asked.incident, asked.actor, "note")
    own = asked.actor.kind is ActorKind.AUTO
    entry = Entry(draft.now, EntryKind.DONE if own else EntryKind.SAID, asked.text, asked.actor, asked.file)
    changed = incidents.noted(_moved_on(draft, incident, asked.actor), entry)
    draft.put_incident(changed, NoticeKind.CHANGED, entry)
    draft.audit(asked.actor, "note", incident.target, "allowed", asked.text)


def assign(draft: Draft, asked: AssignAsked) -> None:
    """Gives an incident to somebody.

    Raises:
        Refused: it is over, that person has it already, or there is no such incident.
    """
    incident = _known(draft, asked.incident, asked.actor, "assign", live=True)
    if incident.assigned_to == asked.to:
        _refuse(
            draft, asked.actor, "assign", incident, f"Incident #{incident.id} is {asked.to.name}'s already."
        )
    changed = incidents.assigned(incident, asked.actor, asked.to, draft.now)
    draft.put_incident(changed, NoticeKind.CHANGED, changed.timeline[-1])
    draft.audit(asked.actor, "assign", incident.target, "allowed", f"to {asked.to.name}")


def resolve(draft: Draft, asked: ResolveAsked) -> None:
    """Ends an incident and its alerts; what still holds fires again, and reopens it.

    Raises:
        Refused: it is over, something is being done about it, or there is no such incident.
    """
    incident = _known(draft, asked.incident, asked.actor, "resolve", live=True)
    action = draft.action_on(incident.target)
    if action is not None:
        _refuse(
            draft,
            asked.actor,
            "resolve",
            incident,
            f"A {action.kind.value} is in progress: wait for its end.",
        )
    over = incidents.resolved(incident, draft.now, asked.reason or "by a person", asked.actor)
    draft.put_incident(over, NoticeKind.RESOLVED, over.timeline[-1])
    known = draft.state.known.get(incident.target)
    for alert in draft.alerts_of(incident.target):
        closed = alerts.close(alert, draft.now, f"resolved by {asked.actor.name}")
        if closed is None or alert.muted:
            continue
        if known is not None and alert.rule in known.progress:
            known.progress[alert.rule] = Progress(known.progress[alert.rule].interval)
            draft.put_alert(closed)
        else:  # opsbot's own, which no time makes inactive
            draft.put_alert(replace(closed, state=AlertState.INACTIVE))
    opening.tell_again(draft)  # what was counted into it, and goes on
    draft.audit(asked.actor, "resolve", incident.target, "allowed", asked.reason)


def silence(draft: Draft, asked: SilenceAsked) -> None:
    """Nobody is told of what fits for a while.

    Raises:
        Refused: the incident that it is asked from is over or unknown.
    """
    matcher, until_resolved, seconds = asked.matcher, 0, asked.seconds or LONGEST
    if asked.incident:
        incident = _known(draft, asked.incident, asked.actor, "silence", live=True)
        matcher = Matcher((incident.target,))
        until_resolved = 0 if asked.seconds else incident.id
    held = Silence(
        draft.next_silence(),
        matcher,
        draft.now.after(seconds),
        asked.actor,
        asked.reason,
        draft.now,
        until_resolved,
        asked.maintenance,
    )
    draft.put_silence(held)
    verb = "maintenance" if asked.maintenance else "silence"
    draft.audit(asked.actor, verb, ", ".join(matcher.targets), "allowed", muting.words(held))
    muting.remark(draft, "", asked.actor)


def unsilence(draft: Draft, asked: UnsilenceAsked) -> None:
    """Ends a silence before its time; what it muted and still fires is told.

    Raises:
        Refused: no such silence is in force.
    """
    held = next((one for one in draft.silences() if one.id == asked.number), None)
    if held is None:
        raise Refused(f"There is no silence {asked.number} in force.")
    muting.end(draft, held, asked.actor)
    verb = "end maintenance" if held.maintenance else "end silence"
    draft.audit(asked.actor, verb, ", ".join(held.matcher.targets), "allowed")
    muting.remark(draft, f"{asked.actor.name} has ended its silence", asked.actor)
    opening.tell_again(draft)


def deploy(draft: Draft, asked: DeployAsked) -> None:
    """Marks a new version, and leaves the target alone while it is brought out."""
    until = draft.now.after(asked.seconds)
    draft.add(Deploy(asked.target, asked.version, asked.actor, draft.now, until, asked.place))
    reason = f"deploy of {asked.version}"
    if asked.seconds > 0:
        draft.put_pause(asked.target, Pause(asked.target, until, asked.actor, reason, draft.now))
    draft.audit(asked.actor, "deploy", asked.target, "allowed", asked.version)
    _note(draft, asked.target, reason, asked.actor)


def _known(draft: Draft, number: int, actor: Actor, verb: str, *, live: bool = False) -> Incident:
    incident = draft.incident(number)
    if incident is None:
        draft.audit(actor, verb, "", "refused", f"no incident #{number}")
        raise Refused(f"There is no incident #{number} among the recent ones.")
    if live and not incident.live:
        _refuse(draft, actor, verb, incident, f"Incident #{number} is already resolved.")
    return incident


def _refuse(draft: Draft, actor: Actor, verb: str, incident: Incident, why: str) -> NoReturn:
    draft.audit(actor, verb, incident.target, "refused", why)
    raise Refused(why)


def _moved_on(draft: Draft, incident: Incident, actor: Actor) -> Incident:
    """Somebody does something about it."""
    taken = incident.acknowledged_by is not None and actor.kind is not ActorKind.AUTO
    return replace(incident, progress=draft.now) if taken else incident


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
        changed = incidents.noted(_moved_on(draft, live, actor), entry)
        draft.put_incident(changed, NoticeKind.CHANGED, entry)
