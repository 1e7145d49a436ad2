"""`/runbook`, the Runbook button of an incident, and the buttons of a walk.

A walk is kept by the runtime, and its buttons name it: so they work on old messages and after a restart.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, say_privately, think, think_in_place
from cogs._ui.buttons import NUMBER, GuardedButton, GuardedItem
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import SUGGESTIONS, Choices, suggest_targets, the_target
from cogs._ui.progress import show_progress
from opsbot.domain.access import Permission
from opsbot.domain.actor import Actor
from opsbot.domain.incident import Incident
from opsbot.domain.runbook import Listed
from opsbot.domain.walk import Walk
from opsbot.draw.answers import notice
from opsbot.draw.walk import ANSWER_WORDS, menu_payload, walk_payload
from opsbot.errors import Refused, UsageError
from opsbot.runbooks.kept import ID
from opsbot.text import one_line

BROKEN = "This menu cannot be read any more: use /runbook."
NONE_FITS = (
    "None is about what this incident is about. /runbook has all of them; "
    "docs/runbooks.md says how to write your own."
)

_ANSWER = "|".join(ANSWER_WORDS)
_CHOICE = 100  # https://discord.com/developers/docs/interactions/application-commands: a choice's name


async def suggest_runbooks(asked: Asked, current: str) -> Choices:
    """Those whose name or title contains what was typed; what fits a live incident comes first."""
    typed = current.strip().casefold()
    target = str(getattr(asked.namespace, "target", None) or "")
    listed = await asked.client.operations.walks.runbooks(target)
    found = [one for one in listed if typed in f"{one.name} {one.title}".casefold()]
    return [
        app_commands.Choice(name=one_line(_label(one), _CHOICE), value=one.name)
        for one in found[:SUGGESTIONS]
        if len(one.name) <= _CHOICE
    ]


def _label(one: Listed) -> str:
    if one.mistake:
        return f"⚠ {one.name} (has a mistake)"
    return f"● {one.title} (fits now)" if one.fits else one.title


async def walk_on(asked: Asked, walk: Walk) -> None:
    """Shows a walk, and what opsbot looks at, up to the next step that is for people."""
    host = asked.client

    async def states() -> AsyncIterator[Walk]:
        now = walk
        yield now
        while now.due:
            now = await host.operations.walks.advance(now.id)
            yield now

    async def show(state: Walk) -> None:
        await say(asked, walk_payload(state), private=False)

    await show_progress(states(), show, host.clock, host.edit_every)


async def _begin(asked: Asked, name: str, incident: Incident, actor: Actor) -> None:
    walk = await asked.client.operations.walks.begin(name, incident.target, actor, incident.id)
    await walk_on(asked, walk)


class RunbookButton(GuardedButton, template=rf"opsbot:runbook:(?P<key>{NUMBER})"):
    """On an incident: walks the runbook that fits, or asks which."""

    permission = Permission.OPERATE
    verb = "walk a runbook"

    async def pressed(self, asked: Asked) -> None:
        """Everybody sees the walk; only the presser the question."""
        incident = self.incident(asked)
        listed = await asked.client.operations.walks.runbooks(incident=incident.id)
        fitting = [one for one in listed if one.fits and not one.mistake]
        if not fitting:
            await say_privately(asked, notice("📖 No runbook fits", NONE_FITS))
        elif len(fitting) > 1:
            await say_privately(asked, menu_payload(incident.id, fitting))
        else:
            await think(asked, private=False)
            await _begin(asked, fitting[0].name, incident, self.person(asked))


class RunbookMenu(GuardedButton, template=rf"opsbot:runbooks:(?P<key>{NUMBER})"):
    """Which one, where several fit."""

    permission = Permission.OPERATE
    verb = "choose a runbook"

    async def pressed(self, asked: Asked) -> None:
        """Begins the chosen one, for everybody to see."""
        incident = self.incident(asked)
        item: Any = self.item
        if not isinstance(item, discord.ui.Select) or not item.values:
            raise UsageError(BROKEN)
        await think(asked, private=False)
        await _begin(asked, str(item.values[0]), incident, self.person(asked))


class _OfWalk(GuardedItem, template=r"(?!)"):
    """A button of a walk."""

    permission = Permission.OPERATE

    async def pressed(self, asked: Asked) -> None:
        """Whatever is refused, the message shows how the walk stands."""
        walks = asked.client.operations.walks
        await think_in_place(asked)
        try:
            walk = await self.changed(asked, self.person(asked))
        except Refused:
            await say(asked, walk_payload(await walks.walk(self.key[:16])), private=False)
            raise
        await walk_on(asked, walk)

    @abstractmethod
    async def changed(self, asked: Asked, actor: Actor) -> Walk:
        """The walk after what the button does."""


class StepButton(_OfWalk, template=rf"opsbot:walk:(?P<key>{ID}:[1-9][0-9]?:(?:{_ANSWER}))"):
    """Yes, no or skipped: of one step, so that a second press finds it answered."""

    verb = "answer a step of a walk"

    async def changed(self, asked: Asked, actor: Actor) -> Walk:
        """Answers it."""
        walk_id, step, word = self.key.split(":")
        return await asked.client.operations.walks.answer(walk_id, int(step), ANSWER_WORDS[word], actor)


class AgainButton(_OfWalk, template=rf"opsbot:walk_again:(?P<key>{ID})"):
    """opsbot looks anew, or goes on where it was cut off."""

    verb = "look again in a walk"

    async def changed(self, asked: Asked, actor: Actor) -> Walk:
        """What is due already is not put back."""
        walks = asked.client.operations.walks
        walk = await walks.walk(self.key)
        return walk if walk.due else await walks.again(self.key, actor)


class EndButton(_OfWalk, template=rf"opsbot:walk_end:(?P<key>{ID})"):
    """Ends a walk before its last step."""

    verb = "end a walk"

    async def changed(self, asked: Asked, actor: Actor) -> Walk:
        """Ends it."""
        return await asked.client.operations.walks.end(self.key, actor)


class Runbook(commands.Cog):
    """What to look at and to do, step by step."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(description="Walk through a runbook: opsbot looks, you do the rest",
                          extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(
        name="Which runbook; those that fit an open incident come first",
        target="Which target; may be left out when there is only one",
    )
    @app_commands.autocomplete(name=suggest_runbooks, target=suggest_targets)
    @app_commands.guild_only()
    async def runbook(
        self, asked: Asked, name: app_commands.Range[str, 1, _CHOICE], target: str | None = None
    ) -> None:
        """Everybody sees the walk, and whoever may can go on with it."""
        operations = self.bot.operations
        known = the_target(operations, target)
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, "runbook", known)
        await walk_on(asked, await operations.walks.begin(name, known, actor))


BUTTONS = (RunbookButton, RunbookMenu, StepButton, AgainButton, EndButton)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(*BUTTONS)
    await bot.add_cog(Runbook(bot), guild=bot.guild)


async def teardown(bot: Host) -> None:
    """Called by discord.py."""
    bot.remove_dynamic_items(*BUTTONS)
