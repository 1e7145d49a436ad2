"""`/incidents`: what was and is wrong, and what people do about it without the incident's message at hand."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import able, actor_of, allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.incident import Number, suggest_incidents, suggest_live
from cogs._ui.modal import LONGEST
from cogs._ui.options import suggest_targets, the_target
from opsbot.domain.access import Permission
from opsbot.domain.actor import Actor
from opsbot.draw import people as drawn
from opsbot.draw.answers import incidents_list
from opsbot.draw.silences import muted_list
from opsbot.draw.timeline import incident_shown
from opsbot.errors import Refused
from opsbot.text import one_line

NEWEST = 25
"""Incidents in the list of all."""

OPEN_AT_MOST = 1000

STATES = [app_commands.Choice(name="open", value="open"), app_commands.Choice(name="all", value="all")]

Reason = app_commands.Range[str, 1, LONGEST]
Words = app_commands.Range[str, 1, 500]

_NAME = 80


class Incidents(commands.Cog):
    """Lists, shows and changes them by their number."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    incidents = app_commands.Group(
        name="incidents", description="What is wrong, and what is done about it", guild_only=True
    )

    @incidents.command(name="list", description="The open incidents, or the newest of all",
                       extras=needs(Permission.VIEW))  # fmt: skip
    @app_commands.describe(
        state="`all` lists the newest 25, over or not; only the open ones if left out",
        target="Only those of one target; all if left out",
    )
    @app_commands.choices(state=STATES)
    @app_commands.autocomplete(target=suggest_targets)
    async def list_incidents(self, asked: Asked, state: str = "open", target: str | None = None) -> None:
        """Newest first."""
        people = self.bot.operations.people
        name = await self._target(target)
        await think(asked, private=True)
        if state == "all":
            found = await people.newest(NEWEST, live=False, target=name)
            await say(asked, drawn.newest_incidents(found, NEWEST, name), private=True)
            return
        found = await people.newest(OPEN_AT_MOST, live=True, target=name)
        await say(asked, incidents_list(found, name), private=True)

    async def _target(self, given: str | None) -> str:
        """A target that may be one of before, or opsbot's own."""
        if given is None:
            return ""
        known = await self.bot.operations.people.newest(1, live=False, target=given)
        return given if known else the_target(self.bot.operations, given)

    @incidents.command(description="One incident with its whole timeline", extras=needs(Permission.VIEW))
    @app_commands.describe(number="Which one")
    @app_commands.autocomplete(number=suggest_incidents)
    async def show(self, asked: Asked, number: Number) -> None:
        """Its newest page first."""
        await think(asked, private=True)
        await say(asked, incident_shown(await self.bot.operations.people.find(number)), private=True)

    @incidents.command(description="Write into an incident's timeline", extras=needs(Permission.OPERATE))
    @app_commands.describe(number="Which one", text="What you saw or did; everybody can read it")
    @app_commands.autocomplete(number=suggest_incidents)
    async def note(self, asked: Asked, number: Number, text: Words) -> None:
        """Also after its end."""
        await think(asked, private=True)
        actor = self._actor(asked, "note", number)
        await say(asked, drawn.noted(await self.bot.operations.people.note(number, actor, text), text),
                  private=True)  # fmt: skip

    @incidents.command(description="Give an open incident to somebody", extras=needs(Permission.OPERATE))
    @app_commands.describe(number="Which one", user="An operator of this server; you if left out")
    @app_commands.autocomplete(number=suggest_live)
    async def assign(
        self, asked: Asked, number: Number, user: discord.Member | discord.User | None = None
    ) -> None:
        """Whoever gets it has it; it counts as acknowledged."""
        await think(asked, private=True)
        to = actor_of(asked) if user is None else _operator(asked, user)
        actor = self._actor(asked, "assign", number)
        given = await self.bot.operations.people.assign(number, actor, to)
        await say(asked, drawn.given(given, actor, to), private=True)

    @incidents.command(description="Take an open incident on", extras=needs(Permission.OPERATE))
    @app_commands.describe(number="Which one", reason="What you know already; everybody can read it")
    @app_commands.autocomplete(number=suggest_live)
    async def acknowledge(self, asked: Asked, number: Number, reason: Reason | None = None) -> None:
        """Refused if somebody has it, naming them."""
        await think(asked, private=True)
        actor = self._actor(asked, "acknowledge", number)
        taken = await self.bot.operations.acknowledge(number, actor, one_line(reason or "", LONGEST))
        await say(asked, drawn.taken(taken), private=True)

    @incidents.command(description="Say that an incident is over", extras=needs(Permission.OPERATE))
    @app_commands.describe(number="Which one", reason="What it was; everybody can read it")
    @app_commands.autocomplete(number=suggest_live)
    async def resolve(self, asked: Asked, number: Number, reason: Reason | None = None) -> None:
        """What still holds fires again, and reopens it."""
        await think(asked, private=True)
        actor, why = self._actor(asked, "resolve", number), one_line(reason or "", LONGEST)
        over = await self.bot.operations.people.resolve(number, actor, why)
        await say(asked, drawn.ended(over, why), private=True)

    @incidents.command(description="What fires and is not told, with what mutes it",
                       extras=needs(Permission.VIEW))  # fmt: skip
    async def muted(self, asked: Asked) -> None:
        """Silences, maintenance, and what an alert depends on."""
        await think(asked, private=True)
        await say(asked, muted_list(await self.bot.operations.mutes.muted()), private=True)

    @incidents.command(description="An incident's postmortem as a file, for you alone",
                       extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(number="Which one; also one that is not over")
    @app_commands.autocomplete(number=suggest_incidents)
    async def export(self, asked: Asked, number: Number) -> None:
        """Operators alone: it holds lines of logs."""
        memory = self.bot.operations.memory
        await think(asked, private=True)
        file = await memory.postmortem(number)
        await memory.record(self._actor(asked, "export", number), "export postmortem", f"incident {number}")
        await say(asked, drawn.exported(number, file), private=True)

    def _actor(self, asked: Asked, verb: str, number: int) -> Actor:
        """Whoever asks, if they still may; asked right before the side effect."""
        return allowed(asked, Permission.OPERATE, f"incidents {verb}", f"incident {number}")


def _operator(asked: Asked, user: discord.Member | discord.User) -> Actor:
    """Somebody to whom an incident can be given.

    Raises:
        Refused: they could do nothing about it.
    """
    name = one_line(user.display_name, _NAME) or "This member"
    if user.bot:
        raise Refused(f"{name} is a bot: an incident needs a person.")
    if not isinstance(user, discord.Member):
        raise Refused(f"{name} is no member of this server.")
    if not able(asked, user, Permission.OPERATE):
        raise Refused(
            f"{name} has no role of an operator, and so could do nothing about it: choose somebody else."
        )
    return actor_of(asked, user)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Incidents(bot), guild=bot.guild)
