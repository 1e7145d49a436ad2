"""Investigation: diagnostics that are collected by themselves when a rule asks for it, or when an incident
becomes urgent. It looks and leaves the service alone, so it neither waits for a restart nor holds one back.

It is begun in the very step in which its reason comes up, so that both are durable or neither is, and nothing
must be remembered of what was investigated already. What is held back then is not made up for later: a
bundle tells of its moment.
"""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import STEPS, Action, ActionState, Step
from opsbot.domain.actor import AUTO
from opsbot.domain.diagnostics import APART
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import Priority
from opsbot.domain.notice import NoticeKind
from opsbot.domain.rule import ActionKind
from opsbot.engine import incidents, muting
from opsbot.engine.draft import Draft, RunAction
from opsbot.engine.state import Known

KIND = ActionKind.INVESTIGATE

TRIES = 2
"""An investigation that was cut off so often by the end of opsbot is given up: it may be what ended it."""


def consider(draft: Draft) -> None:
    """Begins the investigations that what was decided in this step asks for."""
    for alert in draft.changed_alerts():
        known = draft.state.known.get(alert.target)
        if known is not None and alert.firing and not _fired_before(draft, known, alert.rule):
            rule = next((r for r in known.target.rules if r.name == alert.rule), None)
            if rule is not None and rule.action is KIND:
                incident = draft.live(alert.target) or draft.incident(alert.host)
                _begin_unless_held(draft, known, incident, alert.text or alert.rule)
    for incident in draft.changed_incidents():
        known = draft.state.known.get(incident.target)
        policy = known.target.investigation if known is not None else None
        if known is not None and policy is not None and policy.on_p1 and _became_urgent(draft, incident):
            _begin_unless_held(draft, known, incident, incident.title)


def _fired_before(draft: Draft, known: Known, rule: str) -> bool:
    before = draft.state.alerts.get((known.target.name, rule))
    return before is not None and before.firing


def _became_urgent(draft: Draft, incident: Incident) -> bool:
    if not incident.live or incident.priority is not Priority.P1:
        return False
    before = draft.state.incidents.get(incident.id)
    return before is None or not before.live or before.priority is not Priority.P1


def _begin_unless_held(draft: Draft, known: Known, incident: Incident | None, reason: str) -> None:
    if incident is not None and incident.live and not _held(draft, known):
        _begin(draft, known, incident, reason)


def _held(draft: Draft, known: Known) -> bool:
    """What keeps opsbot from looking by itself."""
    name, pause, last = known.target.name, draft.pause(known.target.name), known.investigated
    return (
        known.target.investigation is None
        or draft.state.policy.dry_run
        or draft.investigation_of(name) is not None
        or (last is not None and draft.now.since(last) < APART)
        or (pause is not None and pause.until.mono > draft.now.mono)
        or muting.maintained(draft, name) is not None
    )


def _begin(draft: Draft, known: Known, live: Incident, reason: str) -> None:
    action = Action(
        id=draft.next_action(),
        target=known.target.name,
        kind=KIND,
        actor=AUTO,
        reason=reason,
        asked=draft.now,
        generation=0,
        incident=live.id,
        steps=tuple(Step(title) for title in STEPS[KIND]),
    )
    draft.put_action(action)
    draft.audit(AUTO, KIND.value, known.target.name, "allowed", reason)
    draft.effects.append(RunAction(action))


def ended(draft: Draft, action: Action) -> None:
    """Takes over what came of it: the incident's timeline has the file, also when the incident is over."""
    draft.put_action(action)
    good = action.state is ActionState.DONE
    draft.audit(action.actor, KIND.value, action.target, "done" if good else "failed", action.detail)
    text = action.detail if good else f"Diagnostics could not be collected: {action.detail}"
    _note(draft, action, text, action.file if good else "")


def interrupted(draft: Draft, action: Action) -> None:
    """It was running when opsbot ended: done anew, or given up."""
    if action.tries >= TRIES:
        text = f"given up: opsbot ended {action.tries} times while it was at it"
        ended(draft, replace(action, state=ActionState.FAILED, detail=text, ended=draft.now))
        return
    again = replace(action, tries=action.tries + 1)
    draft.put_action(again)
    draft.audit(AUTO, KIND.value, action.target, "resumed", "opsbot was interrupted")
    draft.effects.append(RunAction(again, resumed=True))


def _note(draft: Draft, action: Action, text: str, file: str) -> None:
    incident = draft.incident(action.incident) if action.incident is not None else None
    if incident is not None:
        entry = Entry(draft.now, EntryKind.DONE, text, AUTO, file)
        draft.put_incident(incidents.noted(incident, entry), NoticeKind.CHANGED, entry)
