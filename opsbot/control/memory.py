"""The answers about what is over: incidents of before, postmortems, reports, the audit."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from opsbot.control.answers import incident_row
from opsbot.control.people import number_of
from opsbot.control.reports import Line
from opsbot.domain.actor import Actor
from opsbot.domain.audit import ActFilter
from opsbot.domain.report import Period
from opsbot.draw.audit import audit_data, audit_text, story_text
from opsbot.draw.report import report_data, report_text
from opsbot.draw.summary import as_data
from opsbot.runtime.memory import period_of
from opsbot.runtime.port import Operations
from opsbot.text import many_lines, one_line

MOST_INCIDENTS, MOST_ACTS = 10_000, 100_000

NAME, TEXT = 80, 2000
"""Characters of a name, and of a line of a timeline."""


async def past_line(operations: Operations, request: dict[str, Any], _: Actor) -> AsyncGenerator[Line, None]:
    """The newest incidents, those that are over too."""
    count = min(MOST_INCIDENTS, number_of(request, "count"))
    found = await operations.people.newest(count, live=bool(request.get("live")))
    nothing = "No open incidents." if request.get("live") else "No incidents."
    text = "\n".join(map(incident_row, found)) or nothing
    yield {"text": text, "data": [as_data(each) for each in found], "exit": 0}


async def show_line(operations: Operations, request: dict[str, Any], _: Actor) -> AsyncGenerator[Line, None]:
    """One incident with its whole timeline."""
    found = await operations.people.find(number_of(request, "incident"))
    timeline = [
        {
            "at": entry.at.wall,
            "kind": entry.kind.value,
            "actor": one_line(entry.actor.name, NAME) if entry.actor else None,
            "text": many_lines(entry.text, TEXT),
            "file": entry.file,
        }
        for entry in found.timeline
    ]
    yield {"text": story_text(found), "data": {**as_data(found), "timeline": timeline}, "exit": 0}


async def export_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """The postmortem of an incident."""
    number = number_of(request, "incident")
    file = await operations.memory.postmortem(number)
    await operations.memory.record(actor, "export postmortem", f"incident {number}")
    yield {"data": {"name": file.name, "text": file.content.decode()}, "exit": 0}


async def report_line(
    operations: Operations, request: dict[str, Any], _: Actor
) -> AsyncGenerator[Line, None]:
    """The figures of a period."""
    report = await operations.memory.report(period_of(str(request.get("period") or Period.WEEK.value)))
    yield {"text": report_text(report), "data": report_data(report), "exit": 0}


async def audit_line(operations: Operations, request: dict[str, Any], _: Actor) -> AsyncGenerator[Line, None]:
    """The newest acts, the newest last: as a log is read in a terminal."""
    wanted = ActFilter(str(request.get("who") or ""), str(request.get("target") or ""))
    count = min(MOST_ACTS, number_of(request, "count"))
    acts = tuple(reversed(await operations.memory.audit(count, wanted)))
    yield {"text": audit_text(acts), "data": audit_data(acts), "exit": 0}
