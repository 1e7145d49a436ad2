"""`/deploy`: a new version is brought out, and opsbot leaves the target alone meanwhile."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import place_of, say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import suggest_targets, the_target
from opsbot.domain.access import Permission
from opsbot.draw.silences import deployed

MINUTES = 10
LONGEST = 240
"""Minutes: whoever needs longer asks for a pause or a maintenance."""


class Deploy(commands.Cog):
    """Marks new versions."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(description="Say that you bring out a new version; nothing is restarted meanwhile",
                          extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(
        version="Which version, such as v1.4.2 or a commit",
        target="Which target; may be left out when there is only one",
        minutes="For how many minutes opsbot does nothing by itself, 0 to 240; 10 if left out",
    )
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.guild_only()
    async def deploy(
        self,
        asked: Asked,
        version: app_commands.Range[str, 1, 80],
        target: str | None = None,
        minutes: app_commands.Range[int, 0, LONGEST] = MINUTES,
    ) -> None:
        """Everybody sees it."""
        name = the_target(self.bot.operations, target)
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, "deploy", name)
        place = await place_of(asked)
        marked = await self.bot.operations.mutes.deploy(name, version, minutes * 60.0, actor, place)
        await say(asked, deployed(marked), private=False)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Deploy(bot), guild=bot.guild)
