"""What is done on an incident's message: Acknowledge, Assign to me, Resolve, and the message's menu.

Each changes the incident alone: its message is redrawn by whoever tells of the change.
"""

from __future__ import annotations

import re

import discord
from discord import app_commands

from cogs._ui.answer import say, say_privately, think, think_in_place
from cogs._ui.buttons import NUMBER, GuardedButton, GuardedItem
from cogs._ui.gate import needs
from cogs._ui.host import Asked, Host
from cogs._ui.incident import free_incident, live_incident
from cogs._ui.modal import GuardedModal, add_modals, remove_modals
from opsbot.domain.access import Permission
from opsbot.draw import people as drawn
from opsbot.draw.answers import notice
from opsbot.draw.timeline import incident_shown

MENU = "Acknowledge incident"
"""In the menu that a message has: right click, or a long press, then Apps."""

OTHER = "This message tells of no incident: use it on a message of opsbot's with an incident in it."

_MARKER = re.compile(rf"Incident #({NUMBER}) · ", re.ASCII)  # as `draw.incident.marker` has it


class AcknowledgeWhy(GuardedModal):
    """What whoever takes an incident on knows already. Sending nothing is fine."""

    permission = Permission.OPERATE
    verb = "acknowledge"
    word = "ack-why"
    title = "Acknowledge incident #{incident}"
    label = "What do you know already? (optional)"

    async def submitted(self, asked: Asked, text: str) -> None:
        """Answers only the asker."""
        await think(asked, private=True)
        await live_incident(asked, self.number, self.verb)
        taken = await asked.client.operations.acknowledge(self.number, self.person(asked), text)
        await say(asked, drawn.taken(taken), private=True)


class ResolveWhy(GuardedModal):
    """What it was."""

    permission = Permission.OPERATE
    verb = "resolve"
    word = "resolve-why"
    title = "Resolve incident #{incident}"
    label = "What was it? (optional)"

    async def submitted(self, asked: Asked, text: str) -> None:
        """Answers only the asker."""
        await think(asked, private=True)
        await live_incident(asked, self.number, self.verb)
        over = await asked.client.operations.people.resolve(self.number, self.person(asked), text)
        await say(asked, drawn.ended(over, text), private=True)


async def ask_why_acknowledged(asked: Asked, number: int) -> None:
    """Shows the modal, unless somebody has the incident already."""
    free_incident(await live_incident(asked, number, AcknowledgeWhy.verb))
    modal = AcknowledgeWhy(number)
    modal.person(asked)
    await modal.show(asked)


class Acknowledge(GuardedButton, template=rf"opsbot:ack:(?P<key>{NUMBER})"):
    """Takes an incident on, after a question that may be left empty."""

    permission = Permission.OPERATE
    verb = "acknowledge"

    async def pressed(self, asked: Asked) -> None:
        """Shows the modal."""
        await ask_why_acknowledged(asked, int(self.key))


class Assign(GuardedButton, template=rf"opsbot:assign:(?P<key>{NUMBER})"):
    """Gives the incident to whoever presses."""

    permission = Permission.OPERATE
    verb = "assign"

    async def pressed(self, asked: Asked) -> None:
        """Answers only the presser."""
        await think(asked, private=True)
        incident = await live_incident(asked, int(self.key), self.verb)
        actor = self.person(asked)
        given = await asked.client.operations.people.assign(incident.id, actor, actor)
        await say(asked, drawn.given(given, actor, actor), private=True)


class Resolve(GuardedButton, template=rf"opsbot:resolve:(?P<key>{NUMBER})"):
    """Ends the incident, after a question that may be left empty."""

    permission = Permission.OPERATE
    verb = "resolve"

    async def pressed(self, asked: Asked) -> None:
        """Shows the modal."""
        await live_incident(asked, int(self.key), self.verb)
        self.person(asked)
        await ResolveWhy(int(self.key)).show(asked)


class Page(GuardedItem, template=rf"opsbot:timeline:(?P<key>{NUMBER}:[1-9][0-9]{{0,4}})"):
    """Turns the pages of a timeline."""

    permission = Permission.VIEW
    verb = "turn a timeline's page"

    async def pressed(self, asked: Asked) -> None:
        """The message becomes that page."""
        number, page = map(int, self.key.split(":"))
        await think_in_place(asked)
        incident = await asked.client.operations.people.find(number)
        self.person(asked)
        await say(asked, incident_shown(incident, page), private=True)


async def acknowledge_message(asked: Asked, message: discord.Message) -> None:
    """The incident is the one that a message of this bot's names."""
    number = await incident_of(asked, message)
    if number is None:
        await say_privately(asked, notice("No incident", OTHER))
        return
    await ask_why_acknowledged(asked, number)


async def incident_of(asked: Asked, message: discord.Message) -> int | None:
    """The number in the footer of a message of opsbot's own, or of that below which its thread hangs."""
    if message.type is discord.MessageType.thread_starter_message:
        above = await _above(asked, message.reference)
        return _marked(asked, above) if above else None
    return _marked(asked, message)


async def _above(asked: Asked, reference: discord.MessageReference | None) -> discord.Message | None:
    """The message that stands at the top of its thread; None when it is gone."""
    if reference is None or reference.message_id is None:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    try:
        place = asked.client.get_partial_messageable(reference.channel_id)
        return await place.fetch_message(reference.message_id)
    except discord.HTTPException:
        return None


def _marked(asked: Asked, message: discord.Message) -> int | None:
    """Nobody else's footer counts: anybody who has a webhook can write one."""
    own = asked.client.user
    if own is None or message.author.id != own.id:
        return None
    footers = [embed.footer.text or "" for embed in message.embeds]
    found = next((found for text in footers if (found := _MARKER.match(text))), None)
    return int(found[1]) if found else None


def menu() -> app_commands.ContextMenu:
    """The command in the message's menu."""
    made = app_commands.ContextMenu(name=MENU, callback=acknowledge_message, extras=needs(Permission.OPERATE))
    made.guild_only = True
    return made


BUTTONS = (Acknowledge, Assign, Resolve, Page)
MODALS = (AcknowledgeWhy, ResolveWhy)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(*BUTTONS)
    add_modals(bot, *MODALS)
    bot.tree.add_command(menu(), guild=bot.guild)


async def teardown(bot: Host) -> None:
    """Called by discord.py."""
    bot.tree.remove_command(MENU, guild=bot.guild, type=discord.AppCommandType.message)
    remove_modals(bot, *MODALS)
    bot.remove_dynamic_items(*BUTTONS)
