"""What follows from a start: what an earlier opsbot left open, and what the configuration knows no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opsbot.domain.action import LOOKS, Action
from opsbot.domain.alert import Alert
from opsbot.domain.change import NoticeDone
from opsbot.domain.levels import AlertState
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, NoticeKind
from opsbot.domain.rule import ActionKind
from opsbot.engine import investigation, opening, repair, rotation, telling
from opsbot.engine.draft import Draft
from opsbot.engine.own import CUT_RULE, DAMAGE_RULE, OWN, STATE_RULE, WEB_RULE
from opsbot.engine.state import Known, State
from opsbot.engine.step import Step

KEPT = frozenset({STATE_RULE, DAMAGE_RULE, CUT_RULE, WEB_RULE})
"""Alerts of opsbot's own that a reload does not end: who raised them goes on."""


def resume(state: State, now: Moment, left: Mapping[str, str] | None = None) -> Step:
    """What must be finished after a start: actions that were running when opsbot ended; alerts, incidents
    and notices of targets, rules and notifiers that are not configured any more.

    `left`: this is no start, but a reload of the configuration, and these targets are gone from it, each with
    what people are told.
    """
    draft = Draft(state, now)
    for action in list(state.actions.values()):
        _take_up(draft, action)
    gone = {alert.target for alert in state.alerts.values() if _end_orphan(draft, alert, left)}
    gone |= {i.target for i in state.incidents.values() if i.live and i.target not in state.known}
    for target in sorted(gone):
        opening.settle_incident(draft, target, (left or {}).get(target, ""))
    for notice in state.notices.values():
        if notice.notifier not in state.notifiers:
            draft.add(NoticeDone(notice.id, dead="this notifier is no longer configured"))
            _tell_others(draft, notice)
    opening.tell_again(draft)
    return Step(draft.changes(), draft.effects)


def _tell_others(draft: Draft, notice: Notice) -> None:
    """Nobody will hear of it where it was to be told: those hear of it who do not know it yet."""
    incident = draft.incident(notice.incident)
    if incident is None or not notice.kind.loud:
        return
    for name in draft.told_of(incident):
        known = (name, incident.id) in draft.state.receipts
        if not known and not draft.state.waiting.of(name, incident.id):
            draft.call(name, incident.id, NoticeKind.OPENED)
    if not any(draft.state.is_people(name) for name in draft.told_of(incident)):
        telling.dropped(draft, incident.id, notice.notifier, f"{notice.notifier} is no longer configured")


def _take_up(draft: Draft, action: Action) -> None:
    known = draft.state.known.get(action.target)
    if known is None:
        draft.put_action(repair.failed_without(action, "the target is no longer configured", draft.now))
    elif action.kind is ActionKind.ROTATE_LOGS:
        _take_up_rotation(draft, action, known)
    elif action.kind in LOOKS:
        investigation.interrupted(draft, action)
    elif not action.on_service:  # left by another version
        text = f"this version of opsbot cannot go on with it ({action.kind.value})"
        draft.put_action(repair.failed_without(action, text, draft.now))
    elif known.target.supervisor is None:
        draft.put_action(repair.failed_without(action, "the target has no supervisor any more", draft.now))
    else:
        repair.interrupted(draft, action)


def _take_up_rotation(draft: Draft, action: Action, known: Known) -> None:
    if known.target.rotation is None:
        draft.put_action(repair.failed_without(action, "its log is no longer configured", draft.now))
    else:
        rotation.interrupted(draft, action)


def _end_orphan(draft: Draft, alert: Alert, left: Mapping[str, str] | None) -> bool:
    """Ends an alert whose rule is gone: no evidence will ever come that could."""
    if alert.target == OWN and left is not None and alert.rule in KEPT:
        return False
    known = draft.state.known.get(alert.target)
    if known is not None and (
        alert.rule in repair.OWN_RULES or any(rule.name == alert.rule for rule in known.target.rules)
    ):
        return False
    reason = "its rule is no longer configured" if known else "the target is no longer configured"
    if alert.target == OWN:
        reason = "opsbot was started anew" if left is None else "the configuration was read anew"
    after = replace(alert, state=AlertState.INACTIVE, since=draft.now, reason=reason)
    opening.become(draft, alert, after)
    return True
