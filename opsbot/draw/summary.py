"""The incident in plain words, for receivers that are not Discord; each escapes it in its own way."""

from __future__ import annotations

import math
from typing import Any

from opsbot.domain.incident import Incident
from opsbot.domain.lasting import in_all
from opsbot.domain.levels import IncidentState
from opsbot.draw.around import affected, others_too
from opsbot.draw.incident import earlier, lasted, lead, utc_text
from opsbot.draw.values import against
from opsbot.text import one_line, seconds_text

_NAME, _TEXT = 80, 500
AFFECTED_NAMED, AFFECTED_LISTED = 10, 100
"""Other targets that people are named, and that programs are: of more, the number is told."""

TIMELINE_LINES = 10


def headline(incident: Incident, limit: int = 200) -> str:
    """ "P1 summarybot: Bot process is not running", "Resolved P1 summarybot: …". Often it is all that a phone
    shows, so it says how many others are affected."""
    state = incident.priority.value
    if incident.part_of:
        state = f"Counted into #{incident.part_of},"
    elif incident.state is not IncidentState.OPEN:
        state = f"{incident.state.value.capitalize()} {state}"
    more = f"{others_too(incident)}: " if incident.affected else ": "
    return one_line(f"{state} {one_line(incident.target, _NAME)}{more}{incident.title}", limit)


def facts(incident: Incident, late: float = 0.0) -> list[tuple[str, str]]:
    """Names and values, one line each, in the order in which one wants to know them."""
    rows = [
        ("Target", one_line(incident.target, _NAME)),
        ("State", _state(incident)),
        ("Problem", one_line(incident.title, _TEXT)),
        ("Cause", one_line(incident.cause, _TEXT)),
        ("Also affected", _affected(incident)),
        ("Value", _value(incident)),
        ("Since", utc_text(incident.began.wall)),
        ("Open before", earlier(incident, utc_text(incident.opened.wall))),
        ("opsbot", one_line(incident.doing, _TEXT)),
        ("Acknowledged by", _acknowledged(incident)),
        ("Assigned to", one_line(incident.assigned_to.name, _NAME) if incident.assigned_to else ""),
        ("Answer until", utc_text(incident.due.wall) if incident.live and incident.due else ""),
        ("Quiet", one_line(incident.silenced, _TEXT) if incident.live else ""),
        ("Lasted", "" if incident.live or incident.part_of else lasted(incident)),
        ("Delayed by", seconds_text(late) if late > 0 else ""),
    ]
    return [(name, value) for name, value in rows if value]


def timeline(incident: Incident) -> list[str]:
    """Its newest lines, oldest first."""
    lines = []
    for entry in incident.timeline[-TIMELINE_LINES:]:
        who = f"{one_line(entry.actor.name, _NAME)}: " if entry.actor else ""
        lines.append(f"{utc_text(entry.at.wall)}  {who}{one_line(entry.text, _TEXT)}")
    return lines


def as_data(incident: Incident) -> dict[str, Any]:
    """The incident for programs: JSON types only, times in seconds since 1970 UTC."""
    first, who = lead(incident), incident.acknowledged_by
    return {
        "id": incident.id,
        "drill": incident.drill,
        "target": one_line(incident.target, _NAME),
        "title": one_line(incident.title, _TEXT),
        "state": incident.state.value,
        "priority": incident.priority.value,
        "severity": incident.severity.value,
        "rule": one_line(first.rule, _NAME) if first else None,
        "value": _finite(first.value if first else None),
        "limit": _finite(first.limit if first else None),
        "unit": one_line(first.unit, _NAME) if first else "",
        "opened": incident.opened.wall,
        "began": incident.began.wall,
        "told": incident.told.wall if incident.told else None,
        "resolved": incident.resolved_at.wall if incident.resolved_at else None,
        "openings": len(incident.openings),
        "open_seconds": in_all(incident),
        "acknowledged_by": one_line(who.name, _NAME) if who else None,
        "assigned_to": one_line(incident.assigned_to.name, _NAME) if incident.assigned_to else None,
        "doing": one_line(incident.doing, _TEXT),
        "cause": one_line(incident.cause, _TEXT),
        "affected": [
            {"target": one_line(one.target, _NAME), "alerts": one.fired, "firing": bool(one.firing)}
            for one in incident.affected[:AFFECTED_LISTED]
        ],
        "affected_targets": len(incident.affected),
        "part_of": incident.part_of or None,
        "silenced": one_line(incident.silenced, _TEXT),
        "version": incident.version,
    }


def _finite(value: float | None) -> float | None:
    """JSON knows no infinity and no NaN."""
    return value if value is not None and math.isfinite(value) else None


def _state(incident: Incident) -> str:
    if incident.part_of:
        return f"it goes on in incident #{incident.part_of}, into which it was counted"
    return f"{incident.state.value}, {incident.priority.value}"


def _affected(incident: Incident) -> str:
    """Who, those first that are not well yet; how often; and how many of a live incident are well again."""
    names, alerts = affected(incident, AFFECTED_NAMED, lambda name: one_line(name, _NAME))
    well = sum(not one.firing for one in incident.affected)
    return names + alerts + (f"; {well} well again" if incident.live and well > 0 else "")


def _value(incident: Incident) -> str:
    first = lead(incident)
    return against(first) if first else ""


def _acknowledged(incident: Incident) -> str:
    if incident.acknowledged_by is None:
        return ""
    reason = one_line(incident.ack_reason, _TEXT)
    name = one_line(incident.acknowledged_by.name, _NAME)
    return f"{name}: {reason}" if reason else name
