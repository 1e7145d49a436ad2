"""What stands around an incident: its cause, whom else it affects, who has it, what keeps it still."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
        yield f"🌐 Also affected: {''.join(affected(incident, NAMED, lambda name: safe_text(name, _NAME)))}"
    if incident.assigned_to is not None and incident.live:
        yield f"🙋 {safe_text(incident.assigned_to.name, _NAME) or 'Somebody'} has it."
    if incident.live and incident.due is not None:
        yield f"⏰ Answer until {discord_time(incident.due.wall, 'T')} ({discord_time(incident.due.wall)})."
    if incident.live and (silenced := safe_text(incident.silenced, _TEXT)):
        yield f"🔕 Nobody is disturbed: {silenced}."
    if incident.part_of:
        yield f"↪️ It goes on in incident #{incident.part_of}."


def others_too(incident: Incident) -> str:
    """ " and 7 others", where other targets are affected."""
    count = len(incident.affected)
    return f" and {count:,} other{'s' * (count > 1)}" if count else ""


def affected(incident: Incident, most: int, safe: Callable[[str], str]) -> tuple[str, str]:
    """The other targets, those first that are not well yet, at most so many by name; and how many alerts they
    are. `safe` makes a name fit to be shown."""
    shown = sorted(incident.affected, key=lambda one: not one.firing)[:most]
    names, rest = ", ".join(safe(one.target) for one in shown), len(incident.affected) - most
    fired = sum(one.fired for one in incident.affected)
    alerts = f" ({fired:,} alerts)" if fired > 1 else ""
    return (f"{names} and {rest:,} more" if rest > 0 else names), alerts
