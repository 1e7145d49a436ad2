"""The incident that a command or a control names."""

from __future__ import annotations

from discord import app_commands

from cogs._ui.gate import NotAllowed
from cogs._ui.host import Asked
from cogs._ui.options import SUGGESTIONS
from opsbot.domain.incident import Incident
from opsbot.errors import Refused, UsageError
from opsbot.text import one_line

MOST_NUMBER = 10**15
"""Discord's whole numbers end at 2**53."""

Number = app_commands.Range[int, 1, MOST_NUMBER]
NumberChoices = list[app_commands.Choice[int]]

_CHOICE = 100  # https://discord.com/developers/docs/interactions/application-commands: a choice's name


async def live_incident(asked: Asked, number: int, verb: str) -> Incident:
    """The incident that a button or modal names.

    Raises:
        NotAllowed: there is none: an old button or a forged one, refused like an outsider.
        Refused: it is over.
    """
    operations = asked.client.operations
    found = operations.incident(number)
    if found is None:
        try:
            found = await operations.people.find(number)
        except UsageError:
            why = "no such incident: an old button or a forged one"
            raise NotAllowed(verb, f"incident {number}", why) from None
    if not found.live:
        raise Refused(f"Incident #{number} is already resolved: /incidents show has what happened.")
    return found


def free_incident(incident: Incident) -> None:
    """Raises Refused, naming who has it, when somebody has taken it on already."""
    if incident.acknowledged_by is not None:
        who = one_line(incident.acknowledged_by.name, _CHOICE) or "somebody"
        raise Refused(f"Incident #{incident.id} is already acknowledged by {who}.")


async def suggest_live(asked: Asked, current: str) -> NumberChoices:
    """Live incidents, newest first."""
    return _choices(list(reversed(asked.client.operations.incidents())), current)


async def suggest_incidents(asked: Asked, current: str) -> NumberChoices:
    """Live incidents, then those that are over, newest first."""
    operations = asked.client.operations
    found = {one.id: one for one in reversed(operations.incidents())}
    newest = await operations.people.newest(4 * SUGGESTIONS, live=False)
    return _choices([*found.values(), *(one for one in newest if one.id not in found)], current)


def _choices(incidents: list[Incident], current: str) -> NumberChoices:
    said = current.strip().removeprefix("#").casefold()
    found = [
        app_commands.Choice(name=one_line(_label(one), _CHOICE), value=one.id)
        for one in incidents
        if str(one.id).startswith(said) or said in f"{one.target} {one.title}".casefold()
    ]
    return found[:SUGGESTIONS]


def _label(one: Incident) -> str:
    state = one.priority.value if one.live else "over"
    return f"#{one.id} · {state} · {one.target}: {one.title}"
