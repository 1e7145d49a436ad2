"""`/incidents`, and the button that takes an incident on."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.buttons import NUMBER, GuardedButton
from cogs._ui.gate import needs
from cogs._ui.host import Asked, Host
from opsbot.domain.access import Permission
from opsbot.draw.answers import incidents_list, notice
from opsbot.draw.payload import Colour


class Acknowledge(GuardedButton, template=rf"opsbot:ack:(?P<key>{NUMBER})"):
    """Takes an incident on. The incident's message is redrawn by whoever tells of its change, not here."""

    permission = Permission.OPERATE
    verb = "acknowledge"

    async def pressed(self, asked: Asked) -> None:
        """Answers only the presser."""
        await think(asked, private=True)
        incident = self.incident(asked)
        taken = await asked.client.operations.acknowledge(incident.id, self.person(asked))
        text = "The channel sees it in a moment."
        await say(asked, notice(f"✋ Incident #{taken.id} is yours", text, Colour.PURPLE), private=True)


class Alerts(commands.Cog):
    """What is wrong now."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(description="The open incidents", extras=needs(Permission.VIEW))
    @app_commands.guild_only()
    async def incidents(self, asked: Asked) -> None:
        """Oldest first."""
        await say(asked, incidents_list(self.bot.operations.incidents()), private=True)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(Acknowledge)
    await bot.add_cog(Alerts(bot), guild=bot.guild)


async def teardown(bot: Host) -> None:
    """Called by discord.py."""
    bot.remove_dynamic_items(Acknowledge)
