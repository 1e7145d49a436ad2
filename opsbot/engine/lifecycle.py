"""What time alone does to incidents: deadlines that are missed, people who do nothing more, trouble that has
stayed away, others' alerts that go on by themselves. All of it is derived from stored moments, so it survives
a restart of opsbot."""

from __future__ import annotations

from collections.abc import Iterator

from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind
from opsbot.domain.policy import IncidentPolicy
from opsbot.engine import grouping, incidents, muting, opening
from opsbot.engine.draft import Draft
from opsbot.engine.state import State
from opsbot.engine.wording import span

RELEASE = 2.0
"""Group windows: so long what folds into an incident has time to recover after its cause is over."""


def overdue(draft: Draft) -> None:
    """Does all that is due: first what silences, so that nothing is told loudly that is silenced by now."""
    silenced = {one.id for one in draft.silences()}
    muting.expire(draft)
    if silenced != {one.id for one in draft.silences()} or draft.state.windows:
        muting.remark(draft, "nothing silences it any more")
    for incident in draft.live_incidents():
        for due in (_deadline, _forgotten, _released):
            due(draft, draft.incident(incident.id) or incident)  # which may be over since this step began
        opening.settle_incident(draft, incident.target)
    opening.tell_again(draft)


def next_due(state: State, now: Moment) -> list[Moment]:
    """When any of it will be due."""
    due = muting.next_due(state, now)
    for incident in state.live_incidents():
        due += _dues(incident, state.policy)
        if incident.calm is not None and state.action_on(incident.target) is None:  # whose end is waited for
            due += _calm_dues(incident, state.policy, incident.calm)
    return due


def _dues(incident: Incident, policy: IncidentPolicy) -> Iterator[Moment]:
    if incident.due is not None:
        yield incident.due
    if (forgotten := _forgotten_at(incident, policy)) is not None:
        yield forgotten


def _calm_dues(incident: Incident, policy: IncidentPolicy, calm: Moment) -> Iterator[Moment]:
    if incidents.firing(incident):
        return
    if any(one.firing for one in incident.affected):
        yield calm.after(RELEASE * policy.group)
    elif incidents.flaps(incident, policy):
        yield calm.after(policy.calm)


def _deadline(draft: Draft, incident: Incident) -> None:
    if incident.due is None or incident.due.mono > draft.now.mono or incident.silenced:
        return
    waited = span(draft.now.since(incident.since))
    entry = Entry(
        draft.now, EntryKind.DECIDED, f"nobody has acknowledged it for {waited}: people are told again"
    )
    draft.put_incident(incidents.missed(incident, entry), NoticeKind.ESCALATED, entry)


def _forgotten(draft: Draft, incident: Incident) -> None:
    """Whoever took it on does nothing more about it: it waits for somebody again."""
    at = _forgotten_at(incident, draft.state.policy)
    if at is None or at.mono > draft.now.mono or incident.silenced:
        return
    who = incident.acknowledged_by.name if incident.acknowledged_by else "somebody"
    idle = span(draft.now.since(incident.progress or incident.since))
    text = (
        f"nothing was done about it for {idle} after {who} had acknowledged it: it waits for somebody again"
    )
    changed = incidents.waits_again(incident, draft.state.policy, draft.now, text)
    draft.put_incident(changed, NoticeKind.ESCALATED, changed.timeline[-1])


def _forgotten_at(incident: Incident, policy: IncidentPolicy) -> Moment | None:
    if incident.state is not IncidentState.ACKNOWLEDGED or policy.ack <= 0 or incident.silenced:
        return None
    last = incident.progress or incident.acknowledged_at
    return last.after(max(policy.ack, policy.response[incident.priority])) if last else None


def _released(draft: Draft, incident: Incident) -> None:
    """What folds into an incident and goes on although its own trouble is over, stands for itself."""
    if incident.calm is None or incidents.firing(incident) or not any(o.firing for o in incident.affected):
        return
    if draft.now.since(incident.calm) < RELEASE * draft.state.policy.group:
        return
    released = grouping.causes_first(draft.state, grouping.unfold(draft, incident))
    opening.settle_incident(draft, incident.target)
    for alert in released:
        draft.put_alert(alert)
    for alert in released:
        opening.fired(draft, alert)
