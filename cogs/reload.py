"""`/reload`: the configuration read anew on an admin's word, or only what that would change."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, say_privately, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from opsbot.domain.access import Permission
from opsbot.domain.reload import Outcome
from opsbot.draw.reload import reload_answer


class Reload(commands.Cog):
    """The settings under which opsbot runs."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        description="Read the configuration anew, and say what changes", extras=needs(Permission.ADMINISTER)
    )
    @app_commands.describe(dry_run="Only say what would change; nothing is put into effect")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def reload(self, asked: Asked, dry_run: bool = False) -> None:
        """Everybody sees what was changed; what is wrong, and what would change, only who asked."""
        await think(asked, private=dry_run)
        actor = allowed(asked, Permission.ADMINISTER, "reload")
        report = await self.bot.operations.reload(actor, dry=dry_run)
        if report.outcome is Outcome.APPLIED:
            await say(asked, reload_answer(report, actor.name), private=False)
        else:
            await say_privately(asked, reload_answer(report))


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Reload(bot), guild=bot.guild)
