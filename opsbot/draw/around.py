"""What stands around an incident: its cause, whom else it affects, who has it, what keeps it still."""

from __future__ import annotations

from collections.abc import Iterator

from opsbot.domain.incident import Incident
from opsbot.text import discord_time, safe_text

NAMED = 3
"""Other targets that are named; of the rest the number is said."""

_NAME, _TEXT = 80, 300  # characters of one text


def around(incident: Incident) -> Iterator[str]:
    """A line for each that there is."""
    if cause := safe_text(incident.cause, _TEXT):
        yield f"🧭 Cause: {cause}"
    if incident.affected:
        yield f"🌐 Also affected: {_others(incident)}"
    if incident.assigned_to is not None and incident.live:
        yield f"🙋 {safe_text(incident.assigned_to.name, _NAME) or 'Somebody'} has it."
    if incident.live and incident.due is not None:
        yield f"⏰ Answer until {discord_time(incident.due.wall, 'T')} ({discord_time(incident.due.wall)})."
    if incident.live and (silenced := safe_text(incident.silenced, _TEXT)):
        yield f"🔕 Nobody is disturbed: {silenced}."
    if incident.part_of:
        yield f"↪️ It goes on in incident #{incident.part_of}."


def _others(incident: Incident) -> str:
    names = ", ".join(safe_text(one.target, _NAME) for one in incident.affected[:NAMED])
    rest = len(incident.affected) - NAMED
    fired = sum(one.fired for one in incident.affected)
    return (f"{names} and {rest} more" if rest > 0 else names) + f" ({fired:,} alerts)" * (fired > 1)
