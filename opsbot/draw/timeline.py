"""An incident with its whole timeline, in pages that somebody turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opsbot.domain.actor import ActorKind
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.draw.incident import incident_message
from opsbot.draw.limits import clamp
from opsbot.draw.payload import Button, Embed, Payload
from opsbot.draw.quoted import result
from opsbot.draw.thread import KIND_MARK
from opsbot.text import discord_time, safe_text, units

PAGE = "opsbot:timeline:{incident}:{page}"
"""custom_id of the buttons that turn the pages."""

ROOM = 2800
"""Characters of a page: beside it stands the incident, and Discord takes 6000 in all."""

_NAME, _TEXT = 80, 300  # characters of one text


def incident_shown(incident: Incident, page: int = 0) -> Payload:
    """`incident` with its whole timeline. `page`: counted from 1, the oldest lines; 0: the newest page.
    What the target's log said stands on no page: not all who may look may read logs."""
    texts = pages(incident.timeline)
    number = len(texts) if page == 0 else min(page, len(texts))
    picture = incident_message(replace(incident, timeline=())).embeds[0]
    where = f" · page {number} of {len(texts)}" if len(texts) > 1 else ""
    lines = Embed(f"What happened{where}", texts[number - 1], picture.colour)
    return clamp(Payload(embeds=(picture, lines), rows=_turns(incident.id, number, len(texts))))


def pages(timeline: Iterable[Entry]) -> list[str]:
    """Filled from the oldest line on, so that a page stays what it is while lines are added."""
    found, room = [""], ROOM
    for entry in timeline:
        line = _line(entry)
        if units(line) + 1 > room:
            found.append("")
            room = ROOM
        found[-1] += f"{line}\n"
        room -= units(line) + 1
    return found if found[0] else ["Nothing was written down."]


def _turns(incident: int, number: int, count: int) -> tuple[tuple[Button, ...], ...]:
    earlier = Button("Earlier", PAGE.format(incident=incident, page=number - 1), emoji="◀️")
    later = Button("Later", PAGE.format(incident=incident, page=number + 1), emoji="▶️")
    row = (*((earlier,) if number > 1 else ()), *((later,) if number < count else ()))
    return (row,) if row else ()


def _line(entry: Entry) -> str:
    who = ""
    if entry.actor and entry.actor.kind is not ActorKind.AUTO:
        who = f"**{safe_text(entry.actor.name, _NAME) or 'somebody'}** "
    text = safe_text(result(entry.text) if entry.kind is EntryKind.DONE else entry.text, _TEXT)
    file = " 📎" if entry.file else ""
    when = f"{discord_time(entry.at.wall, 'd')} {discord_time(entry.at.wall, 'T')}"
    return f"{KIND_MARK[entry.kind]} {when} {who}{text}{file}"
