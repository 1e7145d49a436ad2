"""From a sample to alerts, from alerts to the target's incident."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import Wanted
from opsbot.domain.alert import Alert
from opsbot.domain.levels import AlertState, Priority, Severity
from opsbot.domain.notice import NoticeKind
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.engine import alerts, incidents
from opsbot.engine.conditions import View
from opsbot.engine.draft import Draft
from opsbot.engine.judge import judge
from opsbot.engine.state import Known

FOLLOWERS = frozenset({"process", "http", "port", "sockets", "gateway"})
"""Kinds of checks that fail as a mere consequence of the target being stopped or started on purpose."""


def judge_sample(draft: Draft, sample: Sample) -> None:
    """Evaluates every rule that reads this sample's check."""
    known = draft.state.known[sample.target]
    view = View(known.windows, draft.now)
    for rule in known.target.rules:
        if sample.check not in rule.reads:
            continue
        watch = known.watches[rule.name]
        if not watch.alert.firing and muted(draft, known, rule):
            continue
        known.watches[rule.name], stored = judge(rule, watch, view, known.target.title)
        if stored is not None:
            become(draft, watch.alert, stored)


def judge_time(draft: Draft, known: Known) -> None:
    """Lets time alone move alerts on (a pending one whose hold time has passed)."""
    for rule in known.target.rules:
        watch = known.watches[rule.name]
        if not watch.alert.firing and muted(draft, known, rule):
            continue
        known.watches[rule.name], stored = alerts.tick(rule, watch, draft.now)
        if stored is not None:
            become(draft, watch.alert, stored)


def muted(draft: Draft, known: Known, rule: Rule) -> str:
    """Why a rule may not begin to fire now: what it sees is the consequence of something done on purpose.

    Empty when it may.
    """
    kinds = {spec.kind for spec in known.target.checks if spec.name in rule.reads}
    if not kinds & FOLLOWERS:
        return ""
    name = known.target.name
    action = draft.action_on(name)
    if action is not None:
        return f"a {action.kind.value} is in progress"
    desired = draft.desired(name)
    if desired is not None and desired.wanted is Wanted.STOPPED:
        return f"stopped by {desired.actor.name}"
    if known.handover_until is not None and known.handover_until.mono > draft.now.mono:
        return "it ended cleanly: whoever did that may start it again"
    return ""


def become(draft: Draft, before: Alert | None, after: Alert, *, loud: bool = False) -> None:
    """Sets an alert and lets the incident follow; `loud`: people are pinged again even if it is no more
    urgent than what they know."""
    draft.put_alert(after)
    was = before is not None and before.firing
    if after.firing and not was:
        _fired(draft, after, loud)
    elif was and not after.firing:
        _cleared(draft, after)


def assert_builtin(
    draft: Draft, target: str, rule: str, priority: Priority, text: str, *, loud: bool = False
) -> None:
    """Makes an alert of opsbot's own (no rule in the configuration) fire."""
    before = draft.alert(target, rule)
    if before is not None and before.firing:
        return
    severity = Severity.CRITICAL if priority.rank <= Priority.P2.rank else Severity.WARNING
    alert = Alert(target, rule, AlertState.FIRING, severity, priority, draft.now, text, reason=text)
    become(draft, before, alert, loud=loud)


def clear_builtin(draft: Draft, target: str, rule: str, reason: str) -> None:
    """Ends an alert of opsbot's own."""
    before = draft.alert(target, rule)
    if before is not None and before.firing:
        become(draft, before, replace(before, state=AlertState.INACTIVE, since=draft.now, reason=reason))


def _fired(draft: Draft, alert: Alert, loud: bool) -> None:
    live = draft.live(alert.target)
    if live is None:
        new = incidents.opened(draft.next_incident(), alert.target, alert, draft.now)
        draft.put_incident(new, NoticeKind.OPENED, new.timeline[-1])
        return
    louder = loud or incidents.raised(live, alert.priority)
    changed = incidents.joined(live, alert, draft.now)
    draft.put_incident(changed, NoticeKind.ESCALATED if louder else NoticeKind.CHANGED, changed.timeline[-1])


def _cleared(draft: Draft, alert: Alert) -> None:
    live = draft.live(alert.target)
    if live is None:
        return
    changed = incidents.cleared(live, alert, draft.now)
    draft.put_incident(changed, NoticeKind.CHANGED, changed.timeline[-1])


def settle_incident(draft: Draft, target: str) -> None:
    """Resolves a target's incident when none of its alerts fires and nothing is being done about it."""
    live = draft.live(target)
    if live is None or incidents.firing(live) or draft.action_on(target) is not None:
        return
    over = incidents.resolved(live, draft.now, "no alert fires any more")
    draft.put_incident(over, NoticeKind.RESOLVED, over.timeline[-1])
