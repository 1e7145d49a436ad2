"""From alerts to incidents: one live incident per target, into which more may fold; what is back within a
short time reopens its incident; what is muted opens none until nothing mutes it any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from opsbot.domain.alert import Alert
from opsbot.domain.incident import MOST_OPENINGS, Entry, EntryKind, Incident
from opsbot.domain.notice import NoticeKind
from opsbot.domain.silence import Deploy
from opsbot.engine import grouping, incidents, muting
from opsbot.engine.draft import Draft
from opsbot.engine.wording import span


def become(draft: Draft, before: Alert | None, after: Alert, *, loud: bool = False) -> None:
    """Sets an alert and lets the incident follow; `loud`: people are pinged again even if it is no more
    urgent than what they know."""
    was = before is not None and before.firing
    if after.firing and not was:
        draft.put_alert(after)
        fired(draft, after, loud)
    elif before is not None and was and not after.firing:
        draft.put_alert(replace(after, muted="", host=0))
        _cleared(draft, before, after)
    else:
        draft.put_alert(after)


def fired(draft: Draft, alert: Alert, loud: bool = False) -> None:
    """An alert has begun to fire, or nothing mutes it any more."""
    live = draft.live(alert.target)
    if live is not None:
        _join(draft, live, alert, loud)
        return
    if by := muting.muted_by(draft, alert):
        draft.put_alert(replace(alert, muted=by, host=0))
        return
    host = grouping.host_of(draft, alert)
    if host is not None:
        grouping.fold(draft, alert, host)
        return
    _begin(draft, alert)


def tell_again(draft: Draft) -> None:
    """What was muted, and is not any more, is told."""
    for seen in grouping.causes_first(draft.state, draft.muted_alerts()):
        alert = draft.alert(*seen.key) or seen  # which may have been counted into another one meanwhile
        if not alert.muted:
            continue
        host = draft.incident(alert.host) if alert.host else None
        if host is not None and host.live:
            continue
        by = muting.muted_by(draft, alert)
        if not by:
            told = replace(alert, muted="", host=0)
            draft.put_alert(told)
            fired(draft, told)
        elif by != alert.muted:
            draft.put_alert(replace(alert, muted=by, host=0))


def settle_incident(draft: Draft, target: str, reason: str = "") -> None:
    """Resolves a target's incident when nothing of it fires and nothing is being done about it; one that
    comes and goes only when it was calm for a while."""
    live = draft.live(target)
    if live is None or not incidents.quiet(live) or draft.action_on(target) is not None:
        return
    policy = draft.state.policy
    if not reason and incidents.flaps(live, policy):
        if live.calm is None or draft.now.since(live.calm) < policy.calm:
            return
        reason = f"calm for {span(draft.now.since(live.calm))}"
    over = incidents.resolved(live, draft.now, reason or "no alert fires any more")
    draft.put_incident(over, NoticeKind.RESOLVED, over.timeline[-1])


def _begin(draft: Draft, alert: Alert) -> None:
    policy, last = draft.state.policy, draft.last(alert.target)
    if last is not None and _is_back(draft, last):
        new, kind = incidents.reopened(last, alert, policy, draft.now), NoticeKind.ESCALATED
    else:
        number = draft.next_incident()
        new, kind = incidents.opened(number, alert.target, alert, policy, draft.now), NoticeKind.OPENED
    for seen in new.timeline[-1:]:
        draft.put_incident(new, None, seen)
    for entry in _explanations(draft, new):
        new = incidents.noted(new, entry)
        draft.put_incident(new, None, entry)
    draft.put_incident(replace(new, cause=_cause(draft, new)), kind)
    _lead(draft, draft.incident(new.id) or new)


def _is_back(draft: Draft, last: Incident) -> bool:
    """Whether what begins is the target's last incident again."""
    if last.part_of or last.resolved_at is None or len(last.openings) >= MOST_OPENINGS:
        return False
    return draft.now.since(last.resolved_at) < draft.state.policy.reopen


def _explanations(draft: Draft, incident: Incident) -> Iterator[Entry]:
    """What stands in the timeline from the beginning beside what was seen."""
    policy = draft.state.policy
    if incident.past and incident.past[-1].ended is not None:
        well = span(draft.now.since(incident.past[-1].ended))
        yield Entry(draft.now, EntryKind.DECIDED, f"it is open again: it was over for {well}")
    if len(incident.begun) == policy.flaps:
        times, within = len(incident.begun), span(draft.now.since(incident.begun[0]))
        text = f"it comes and goes: {times} times in {within}; it stays open until it was calm for "
        yield Entry(draft.now, EntryKind.DECIDED, f"{text}{span(policy.calm)}")
    if deploy := _deploy(draft, incident):
        text = f"it began {span(draft.now.since(deploy.at))} after the deploy of {deploy.version}"
        yield Entry(draft.now, EntryKind.DECIDED, f"{text} by {deploy.actor.name}")


def _cause(draft: Draft, incident: Incident) -> str:
    deploy = _deploy(draft, incident)
    if deploy is None:
        return ""
    before = span(draft.now.since(deploy.at))
    return f"perhaps the deploy of {deploy.version} by {deploy.actor.name}, {before} before"


def _deploy(draft: Draft, incident: Incident) -> Deploy | None:
    """What was brought out shortly before."""
    deploy = draft.state.deploys.get(incident.target)
    recent = deploy is not None and draft.now.since(deploy.at) < draft.state.policy.after_deploy
    return deploy if recent else None


def _join(draft: Draft, live: Incident, alert: Alert, loud: bool) -> None:
    changed = incidents.joined(live, alert, draft.now)
    raised = incidents.raised(live, alert.priority)
    if raised:
        changed = incidents.urgent(changed, alert, draft.state.policy, draft.now)
    changed = muting.mark(draft, changed)
    muted = muting.muted_by(draft, alert)
    louder = (loud or raised) and not muted
    draft.put_incident(changed, NoticeKind.ESCALATED if louder else NoticeKind.CHANGED, changed.timeline[-1])
    _lead(draft, draft.incident(changed.id) or changed)


def _lead(draft: Draft, incident: Incident) -> None:
    """What depends on a target in grave trouble folds into its incident."""
    if incident.priority.rank <= grouping.GRAVE.rank and incident.live:
        grouping.take_over(draft, incident)


def _cleared(draft: Draft, before: Alert, after: Alert) -> None:
    if before.host:
        host = grouping.over(draft, before)
        if host is not None:
            settle_incident(draft, host.target)
    live = draft.live(after.target)
    if live is None or not any(line.rule == after.rule and line.firing for line in live.alerts):
        return
    changed = muting.mark(draft, incidents.cleared(live, after, draft.now))
    draft.put_incident(changed, NoticeKind.CHANGED, changed.timeline[-1])
