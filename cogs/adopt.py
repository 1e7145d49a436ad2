"""`/adopt`: a process that looks like the target, taken for it on an admin's word."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import suggest_targets, the_target
from opsbot.domain.access import Permission
from opsbot.draw.answers import adopted, candidates_list


class Adopt(commands.Cog):
    """Copies that somebody started by hand."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        description="Take a running process for the target's own; without a pid, list what looks like it",
        extras=needs(Permission.ADMINISTER),
    )
    @app_commands.describe(
        target="Which target; may be left out when there is only one",
        pid="The process; left out, those that look like the target are listed",
    )
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def adopt(
        self,
        asked: Asked,
        target: str | None = None,
        pid: app_commands.Range[int, 1, 2**31 - 1] | None = None,
    ) -> None:
        """From then on opsbot watches it and keeps it running."""
        operations = self.bot.operations
        name = the_target(operations, target)
        await think(asked, private=pid is None)
        if pid is None:
            await say(asked, candidates_list(name, await operations.candidates(name)), private=True)
            return
        actor = allowed(asked, Permission.ADMINISTER, "adopt", name)
        running = await operations.adopt(name, pid, actor)
        await say(asked, adopted(name, running.process.pid), private=False)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Adopt(bot), guild=bot.guild)
