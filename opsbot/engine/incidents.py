"""From alerts to incidents: one live incident per target, and what people are told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opsbot.domain.actor import Actor
from opsbot.domain.alert import Alert
from opsbot.domain.incident import TIMELINE_SHOWN, Affected, AlertLine, Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.policy import IncidentPolicy


def opened(number: int, target: str, alert: Alert, policy: IncidentPolicy, now: Moment) -> Incident:
    """A new incident for an alert that has begun to fire."""
    return Incident(
        id=number,
        target=target,
        title=alert.text,
        state=IncidentState.OPEN,
        priority=alert.priority,
        severity=alert.severity,
        opened=now,
        alerts=(_line(alert),),
        timeline=(_seen(alert, now),),
        lines=1,
        waiting=now,
        due=policy.deadline(alert.priority, now),
        begun=(now,),
        true_since=alert.true_since,
    )


def reopened(incident: Incident, alert: Alert, policy: IncidentPolicy, now: Moment) -> Incident:
    """A resolved incident whose trouble is back: what was decided about it is open again. Alerts of before
    count on; urgent is only what fires now."""
    past = tuple(at for at in incident.begun if now.since(at) < policy.reopen)
    again = replace(
        incident,
        state=IncidentState.OPEN,
        priority=alert.priority,
        severity=alert.severity,
        resolved_at=None,
        acknowledged_by=None,
        acknowledged_at=None,
        ack_reason="",
        called=(),
        doing="",
        begun=(*past, now),
        past=incident.openings,
        told=None,
        calm=None,
        waiting=now,
        due=policy.deadline(alert.priority, now),
        progress=None,
        affected=(),
        cause="",
        silenced="",
    )
    return joined(again, alert, now)


def flaps(incident: Incident, policy: IncidentPolicy) -> bool:
    """Whether it comes and goes: nobody is pinged for the same thing again and again."""
    return policy.flaps > 0 and len(incident.begun) >= policy.flaps


def urgent(incident: Incident, alert: Alert, policy: IncidentPolicy, now: Moment) -> Incident:
    """The incident, as urgent as an alert in it: somebody should take it on so much sooner."""
    severity = max(incident.severity, alert.severity, key=lambda each: each.rank)
    due = incident.due
    if incident.state is IncidentState.OPEN and not incident.silenced:
        sooner = policy.deadline(alert.priority, now)
        due = sooner if sooner is not None and (due is None or sooner.mono < due.mono) else due
    return replace(incident, priority=alert.priority, severity=severity, due=due)


def missed(incident: Incident, entry: Entry) -> Incident:
    """The incident that nobody has acknowledged in time."""
    return noted(replace(incident, due=None), entry)


def waits_again(incident: Incident, policy: IncidentPolicy, now: Moment, why: str) -> Incident:
    """The incident of which nobody takes care any more."""
    changed = replace(
        incident,
        state=IncidentState.OPEN,
        acknowledged_by=None,
        acknowledged_at=None,
        ack_reason="",
        waiting=now,
        due=policy.deadline(incident.priority, now),
        progress=None,
    )
    return noted(changed, Entry(now, EntryKind.DECIDED, why))


def assigned(incident: Incident, actor: Actor, to: Actor, now: Moment) -> Incident:
    """The incident, somebody's; taken on by that if it was not."""
    text = "assigned to themselves" if to == actor else f"assigned to {to.name}"
    open_ = incident.state is IncidentState.OPEN
    return noted(
        replace(
            incident,
            state=IncidentState.ACKNOWLEDGED,
            assigned_to=to,
            acknowledged_by=to if open_ else incident.acknowledged_by,
            acknowledged_at=now if open_ else incident.acknowledged_at,
            due=None,
            progress=now,
        ),
        Entry(now, EntryKind.SAID, text, actor),
    )


def folded(incident: Incident, host: Incident, now: Moment) -> Incident:
    """The incident, over because it is counted into another."""
    text = f"it goes on in incident #{host.id}"
    return noted(
        replace(
            incident,
            state=IncidentState.RESOLVED,
            resolved_at=now,
            doing="",
            due=None,
            part_of=host.id,
            alerts=tuple(replace(line, firing=False) for line in incident.alerts),
            affected=(),
        ),
        Entry(now, EntryKind.DECIDED, text),
    )


def hosting(incident: Incident, target: str, fired: int, firing: Iterable[str], now: Moment) -> Incident:
    """The incident with more of another target in it."""
    before = next((one for one in incident.affected if one.target == target), Affected(target, 0, at=now))
    rules = tuple(dict.fromkeys((*before.firing, *firing)))
    return _with(incident, Affected(target, before.fired + fired, rules, before.at))


def calmed(incident: Incident, target: str, rule: str) -> Incident:
    """The incident in which an alert of another target is over."""
    before = next((one for one in incident.affected if one.target == target), None)
    if before is None or rule not in before.firing:
        return incident
    return _with(incident, replace(before, firing=tuple(name for name in before.firing if name != rule)))


def _with(incident: Incident, one: Affected) -> Incident:
    others = {each.target: each for each in incident.affected} | {one.target: one}
    return replace(incident, affected=tuple(others.values()), version=incident.version + 1)


def joined(incident: Incident, alert: Alert, now: Moment) -> Incident:
    """The incident with one more (or again) firing alert. Its title is that of the most urgent alert."""
    before = next((line.times for line in incident.alerts if line.rule == alert.rule), 0)
    new = replace(_line(alert), times=before + 1)
    lines = tuple(new if line.rule == new.rule else line for line in incident.alerts)
    lines = lines if before else (*lines, new)
    lead, urgent_now = _lead(lines), [line for line in lines if line.firing]
    return noted(
        replace(
            incident,
            alerts=lines,
            calm=None,
            title=lead.text,
            priority=_most_urgent(urgent_now, incident.priority),
            severity=_worst(urgent_now, incident.severity),
        ),
        _seen(alert, now),
    )


def reworded(incident: Incident, alert: Alert, now: Moment) -> Incident:
    """The incident in which a firing alert says something else now."""
    lines = tuple(
        replace(line, text=alert.text, reason=alert.reason) if line.rule == alert.rule else line
        for line in incident.alerts
    )
    return noted(replace(incident, alerts=lines, title=_lead(lines).text), _seen(alert, now))


def cleared(incident: Incident, alert: Alert, now: Moment) -> Incident:
    """The incident with one alert that fires no more; what it said and was remains to be read."""
    lines = tuple(
        replace(line, firing=False) if line.rule == alert.rule else line for line in incident.alerts
    )
    why = f": {alert.reason}" if alert.reason else ""
    calm = None if any(line.firing for line in lines) else now
    changed = replace(incident, alerts=lines, calm=calm)
    return noted(changed, Entry(now, EntryKind.SEEN, f"{alert.rule} is over{why}"))


def resolved(incident: Incident, now: Moment, reason: str, actor: Actor | None = None) -> Incident:
    """The incident, over."""
    return noted(
        replace(
            incident,
            state=IncidentState.RESOLVED,
            resolved_at=now,
            doing="",
            due=None,
            alerts=tuple(replace(line, firing=False) for line in incident.alerts),
        ),
        Entry(now, EntryKind.DECIDED if actor is None else EntryKind.SAID, f"resolved: {reason}", actor),
    )


def acknowledged(incident: Incident, actor: Actor, reason: str, now: Moment) -> Incident:
    """The incident, taken on by somebody."""
    text = f"acknowledged: {reason}" if reason else "acknowledged"
    return noted(
        replace(
            incident,
            state=IncidentState.ACKNOWLEDGED,
            acknowledged_by=actor,
            acknowledged_at=now,
            ack_reason=reason,
            due=None,
            progress=now,
        ),
        Entry(now, EntryKind.SAID, text, actor),
    )


def doing(incident: Incident, text: str, entry: Entry | None) -> Incident:
    """The incident with what opsbot does about it now."""
    changed = replace(incident, doing=text)
    return noted(changed, entry) if entry else changed


def noted(incident: Incident, entry: Entry) -> Incident:
    """The incident with one more line in its timeline, and its version counted on."""
    return replace(
        incident,
        timeline=(*incident.timeline, entry)[-TIMELINE_SHOWN:],
        lines=max(incident.lines, len(incident.timeline)) + 1,
        version=incident.version + 1,
    )


def raised(incident: Incident, priority: Priority) -> bool:
    """Whether `priority` is more urgent than the incident's."""
    return priority.rank < incident.priority.rank


def quiet(incident: Incident) -> bool:
    """Whether nothing of it fires any more, neither its own nor what folds into it."""
    return not firing(incident) and not any(one.firing for one in incident.affected)


def firing(incident: Incident) -> list[AlertLine]:
    """Its alerts that still fire."""
    return [line for line in incident.alerts if line.firing]


def _seen(alert: Alert, now: Moment) -> Entry:
    return Entry(now, EntryKind.SEEN, f"{alert.rule}: {alert.reason or alert.text}")


def _line(alert: Alert) -> AlertLine:
    return AlertLine(
        rule=alert.rule,
        severity=alert.severity,
        priority=alert.priority,
        firing=True,
        since=alert.since,
        text=alert.text,
        value=alert.value,
        limit=alert.limit,
        unit=alert.unit,
        reason=alert.reason,
    )


def _lead(lines: Iterable[AlertLine]) -> AlertLine:
    return min((line for line in lines if line.firing), key=lambda line: line.priority.rank)


def _most_urgent(lines: Iterable[AlertLine], at_least: Priority) -> Priority:
    return min([at_least, *(line.priority for line in lines)], key=lambda p: p.rank)


def _worst(lines: Iterable[AlertLine], at_least: Severity) -> Severity:
    return max([at_least, *(line.severity for line in lines)], key=lambda s: s.rank)
