"""From a sample to alerts. What follows from an alert is `engine.opening`'s business."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import Wanted
from opsbot.domain.alert import Alert
from opsbot.domain.levels import AlertState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.engine import alerts, incidents, outage
from opsbot.engine.alerts import Progress
from opsbot.engine.conditions import evaluate
from opsbot.engine.draft import Draft
from opsbot.engine.messages import message
from opsbot.engine.opening import become
from opsbot.engine.state import Known

FOLLOWERS = frozenset({"process", "http", "port", "sockets", "gateway"})
"""Kinds of checks that fail as a mere consequence of the target being stopped or started on purpose."""


def judge_sample(draft: Draft, sample: Sample) -> None:
    """Evaluates every rule that reads this sample's check."""
    known = draft.state.known[sample.target]
    outage.notice(draft, known, sample)
    for rule in known.target.rules:
        if sample.check in rule.reads:
            _judge(draft, known, rule)


def _judge(draft: Draft, known: Known, rule: Rule) -> None:
    name = known.target.name
    before = draft.alert(name, rule.name)
    firing = before is not None and before.firing
    if not firing and muted(draft, known, rule):
        known.unsure.pop(rule.name, None)
        return
    verdict = evaluate(rule.condition, known.view, draft.now, firing)
    moved = alerts.step(name, rule, before, known.progress.get(rule.name), verdict, draft.now)
    was = known.progress.get(rule.name)
    known.progress[rule.name] = moved.progress
    draft.due_changed |= was is None or _pace(was) != _pace(moved.progress)
    fires = not firing and moved.alert is not None and moved.alert.firing
    if fires and outage.unsure(draft, known, rule):
        return
    known.unsure.pop(rule.name, None)
    if moved.alert is not None:
        become(draft, before, _worded(draft, known, rule, moved.alert))


def _pace(progress: Progress) -> tuple[float, int]:
    """What decides when a hold is over."""
    return progress.since.mono, sum(progress.recent)


def _worded(draft: Draft, known: Known, rule: Rule, alert: Alert) -> Alert:
    """A firing alert in the words of its rule; any other keeps the words it fired with."""
    verdict = known.progress[rule.name].verdict
    if not alert.firing or verdict is None:
        return alert
    return replace(alert, text=message(rule, verdict, known.view, known.target.title, draft.now))


def judge_time(draft: Draft, known: Known) -> None:
    """Lets time alone move alerts on (a condition whose hold time has passed)."""
    for rule, before, progress in timed(draft, known):
        after = alerts.tick(known.target.name, rule, before, progress, draft.now)
        if after is None or (after.firing and outage.unsure(draft, known, rule)):
            continue
        known.unsure.pop(rule.name, None)
        become(draft, before, _worded(draft, known, rule, after))


def next_due(draft: Draft, known: Known) -> Moment | None:
    """When time alone will change something about a target's alerts; None when it will not."""
    dues = (alerts.next_due(timed(draft, known), draft.now), outage.next_due(draft, known))
    return min((due for due in dues if due is not None), key=lambda due: due.mono, default=None)


def timed(draft: Draft, known: Known) -> list[tuple[Rule, Alert | None, Progress | None]]:
    """What time alone may move: each rule with its alert and its progress. A rule that does not fire and is
    muted, or waits for a round of probes, has no progress, so that it neither fires nor is waited for; its
    resolved alert still goes."""
    watched = []
    for rule in known.target.rules:
        alert = draft.alert(known.target.name, rule.name)
        firing = alert is not None and alert.firing
        held = not firing and (muted(draft, known, rule) or outage.waits(draft, known, rule))
        watched.append((rule, alert, None if held else known.progress.get(rule.name)))
    return watched


def muted(draft: Draft, known: Known, rule: Rule) -> str:
    """Why a rule may not begin to fire now: what it sees is the consequence of something done on purpose.

    Empty when it may.
    """
    if away := outage.silenced(draft, known, rule):
        return away
    kinds = {spec.kind for spec in known.target.checks if spec.name in rule.reads}
    if not kinds & FOLLOWERS:
        return ""
    name = known.target.name
    action = draft.action_on(name)
    if action is not None:
        return f"a {action.kind.value} is in progress"
    if known.target.supervisor is not None and not known.looked:
        return "opsbot has not looked for its process yet"
    if known.running is not None and _seen_gone(known, rule):
        return "how it ended is about to be known"  # a check may see the death first, but not its exit status
    desired = draft.desired(name)
    if desired is not None and desired.wanted is Wanted.STOPPED:
        return f"stopped by {desired.actor.name}"
    if known.handover_until is not None:  # ends by a tick, which tells how it ended
        return "somebody may have ended it to start it again"
    return _starting(known, rule, kinds, draft.now)


def _starting(known: Known, rule: Rule, kinds: set[str], now: Moment) -> str:
    """Whether what the rule reads has not been good yet since the process started, a short while ago."""
    if known.running is None or "process" in kinds:
        return ""
    age = now.since(known.running.since)
    if age >= known.target.restart.start_grace or known.answered & rule.reads:
        return ""
    return f"it started {age:.0f} s ago"


def _seen_gone(known: Known, rule: Rule) -> bool:
    """Whether a `process` check that the rule reads does not see the process any more."""
    names = [c.name for c in known.target.checks if c.kind == "process" and c.name in rule.reads]
    return any((s := known.view.newest.get(name)) is not None and s.outcome.bad for name in names)


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


def reword_builtin(draft: Draft, target: str, rule: str, text: str) -> None:
    """What an alert of opsbot's own says now, while it fires; without a ping."""
    before = draft.alert(target, rule)
    if before is None or not before.firing or before.text == text:
        return
    after = replace(before, text=text, reason=text)
    draft.put_alert(after)
    live = draft.live(target)
    if live is not None:
        changed = incidents.reworded(live, after, draft.now)
        draft.put_incident(changed, NoticeKind.CHANGED, changed.timeline[-1])


def clear_builtin(draft: Draft, target: str, rule: str, reason: str) -> None:
    """Ends an alert of opsbot's own."""
    before = draft.alert(target, rule)
    if before is not None and before.firing:
        become(draft, before, replace(before, state=AlertState.INACTIVE, since=draft.now, reason=reason))
