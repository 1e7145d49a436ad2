"""Looks that are begun by themselves: diagnostics that are collected, a close watch, a check of the keys. A
rule asks for them, or an incident becomes urgent (then diagnostics are collected). They look and leave the
service alone, so they neither wait for a restart nor hold one back.

One is begun in the very step in which its reason comes up, so that both are durable or neither is, and
nothing must be remembered of what was looked into already. What is held back then is not made up for later: a
look tells of its moment.
"""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import LOOKS, STEPS, Action, ActionState, Step
from opsbot.domain.actor import AUTO
from opsbot.domain.diagnostics import APART
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import Priority
from opsbot.domain.notice import NoticeKind
from opsbot.domain.rule import ActionKind
from opsbot.domain.target import Target
from opsbot.engine import incidents, muting
from opsbot.engine.draft import Draft, RunAction
from opsbot.engine.state import Known

TRIES = 2
"""A look that was cut off so often by the end of opsbot is given up: it may be what ended it."""

_FAILED = {
    ActionKind.INVESTIGATE: "Diagnostics could not be collected",
    ActionKind.MONITOR: "It could not be watched more closely",
    ActionKind.CHECK_API_KEY: "Its keys could not be checked",
}


def consider(draft: Draft) -> None:
    """Begins the looks that what was decided in this step asks for."""
    for alert in draft.changed_alerts():
        known = draft.state.known.get(alert.target)
        if known is not None and alert.firing and not _fired_before(draft, known, alert.rule):
            rule = next((r for r in known.target.rules if r.name == alert.rule), None)
            if rule is not None and rule.action in LOOKS:
                incident = draft.live(alert.target) or draft.incident(alert.host)
                _begin_unless_held(draft, known, rule.action, incident, alert.text or alert.rule)
    for incident in draft.changed_incidents():
        known = draft.state.known.get(incident.target)
        policy = known.target.investigation if known is not None else None
        if known is not None and policy is not None and policy.on_p1 and _became_urgent(draft, incident):
            _begin_unless_held(draft, known, ActionKind.INVESTIGATE, incident, incident.title)


def _fired_before(draft: Draft, known: Known, rule: str) -> bool:
    before = draft.state.alerts.get((known.target.name, rule))
    return before is not None and before.firing


def _became_urgent(draft: Draft, incident: Incident) -> bool:
    if not incident.live or incident.priority is not Priority.P1:
        return False
    before = draft.state.incidents.get(incident.id)
    return before is None or not before.live or before.priority is not Priority.P1


def _begin_unless_held(
    draft: Draft, known: Known, kind: ActionKind, incident: Incident | None, reason: str
) -> None:
    if incident is not None and incident.live and not _held(draft, known, kind):
        _begin(draft, known, kind, incident, reason)


def _held(draft: Draft, known: Known, kind: ActionKind) -> bool:
    """What keeps opsbot from looking by itself."""
    name, pause, last = known.target.name, draft.pause(known.target.name), known.looked_into.get(kind)
    return (
        not _possible(known.target, kind)
        or draft.state.policy.dry_run
        or draft.look_into(name, kind) is not None
        or (last is not None and draft.now.since(last) < APART)
        or (pause is not None and pause.until.mono > draft.now.mono)
        or muting.maintained(draft, name) is not None
    )


def _possible(target: Target, kind: ActionKind) -> bool:
    """Whether the configuration has what such a look needs."""
    if kind is ActionKind.MONITOR:
        return target.close_watch > 0
    if kind is ActionKind.CHECK_API_KEY:
        return bool(target.credentials)
    return target.investigation is not None


def _begin(draft: Draft, known: Known, kind: ActionKind, live: Incident, reason: str) -> None:
    action = Action(
        id=draft.next_action(),
        target=known.target.name,
        kind=kind,
        actor=AUTO,
        reason=reason,
        asked=draft.now,
        generation=0,
        incident=live.id,
        steps=tuple(Step(title) for title in STEPS[kind]),
    )
    draft.put_action(action)
    draft.audit(AUTO, kind.value, known.target.name, "allowed", reason)
    draft.effects.append(RunAction(action))


def ended(draft: Draft, action: Action) -> None:
    """Takes over what came of it: a line of the incident's timeline, with the file if there is one, also when
    the incident is over."""
    draft.put_action(action)
    good = action.state is ActionState.DONE
    draft.audit(action.actor, action.kind.value, action.target, "done" if good else "failed", action.detail)
    text = action.detail if good else f"{_FAILED[action.kind]}: {action.detail}"
    text += _after_watch(draft, action.target) if action.kind is ActionKind.MONITOR else ""
    _note(draft, action, text, action.file if good else "")


def _after_watch(draft: Draft, target: str) -> str:
    """Whether what it was watched for goes on."""
    names = sorted(alert.rule for alert in draft.alerts_of(target) if alert.firing)
    return f"; still firing: {', '.join(names)}" if names else "; nothing fires any more"


def interrupted(draft: Draft, action: Action) -> None:
    """It was running when opsbot ended: done anew, or given up. A close watch goes on until its time is over,
    which bounds it already."""
    if action.tries >= TRIES and action.kind is not ActionKind.MONITOR:
        text = f"given up: opsbot ended {action.tries} times while it was at it"
        ended(draft, replace(action, state=ActionState.FAILED, detail=text, ended=draft.now))
        return
    again = replace(action, tries=action.tries + 1)
    draft.put_action(again)
    draft.audit(AUTO, action.kind.value, action.target, "resumed", "opsbot was interrupted")
    draft.effects.append(RunAction(again, resumed=True))


def _note(draft: Draft, action: Action, text: str, file: str) -> None:
    incident = draft.incident(action.incident) if action.incident is not None else None
    if incident is not None:
        entry = Entry(draft.now, EntryKind.DONE, text, AUTO, file)
        draft.put_incident(incidents.noted(incident, entry), NoticeKind.CHANGED, entry)
