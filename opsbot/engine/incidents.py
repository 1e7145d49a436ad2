"""From alerts to incidents: one live incident per target, and what people are told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opsbot.domain.actor import Actor
from opsbot.domain.alert import Alert
from opsbot.domain.incident import TIMELINE_SHOWN, AlertLine, Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment


def opened(number: int, target: str, alert: Alert, now: Moment) -> Incident:
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
    )


def joined(incident: Incident, alert: Alert, now: Moment) -> Incident:
    """The incident with one more (or again) firing alert. Its title is that of the most urgent alert."""
    before = next((line.times for line in incident.alerts if line.rule == alert.rule), 0)
    new = replace(_line(alert), times=before + 1)
    lines = tuple(new if line.rule == new.rule else line for line in incident.alerts)
    lines = lines if before else (*lines, new)
    lead = _lead(lines)
    return noted(
        replace(
            incident,
            alerts=lines,
            title=lead.text,
            priority=_most_urgent(lines, incident.priority),
            severity=_worst(lines, incident.severity),
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
    return noted(replace(incident, alerts=lines), Entry(now, EntryKind.SEEN, f"{alert.rule} is over{why}"))


def resolved(incident: Incident, now: Moment, reason: str) -> Incident:
    """The incident, over."""
    return noted(
        replace(incident, state=IncidentState.RESOLVED, resolved_at=now, doing=""),
        Entry(now, EntryKind.DECIDED, f"resolved: {reason}"),
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
        incident, timeline=(*incident.timeline, entry)[-TIMELINE_SHOWN:], version=incident.version + 1
    )


def raised(incident: Incident, priority: Priority) -> bool:
    """Whether `priority` is more urgent than the incident's."""
    return priority.rank < incident.priority.rank


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
