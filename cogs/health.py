"""`/health`, and `/pause` and `/resume` of all automation of a target."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import suggest_targets, the_target
from opsbot.domain.access import Permission
from opsbot.draw.answers import paused, resumed, targets_list
from opsbot.draw.health import health_payload

MAX_PAUSE_MINUTES = 7 * 24 * 60
"""A longer pause is a forgotten one."""

MAX_REASON = 300  # characters

Minutes = app_commands.Range[int, 1, MAX_PAUSE_MINUTES]
Reason = app_commands.Range[str, 1, MAX_REASON]


class Health(commands.Cog):
    """How targets are, and whether opsbot acts by itself."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(description="How a target is: process, API, gateway, logs, ports, external APIs",
                          extras=needs(Permission.VIEW))  # fmt: skip
    @app_commands.describe(target="Which target; may be left out when there is only one")
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.guild_only()
    async def health(self, asked: Asked, target: str | None = None) -> None:
        """Looks anew. Without a target and with several, all are listed."""
        operations = self.bot.operations
        if target is None and len(operations.targets()) > 1:
            await say(asked, targets_list(operations.targets()), private=False)
            return
        name = the_target(operations, target)
        await think(asked, private=False)
        await say(asked, health_payload(await operations.health(name, fresh=True)), private=False)

    @app_commands.command(description="Hold all automation of a target, such as for a deploy",
                          extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(
        minutes="For how many minutes, at most 10080 (7 days)",
        reason="Why; everybody can read it",
        target="Which target; may be left out when there is only one",
    )
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.guild_only()
    async def pause(self, asked: Asked, minutes: Minutes, reason: Reason, target: str | None = None) -> None:
        """Alerts are still told; nothing is restarted meanwhile."""
        name = the_target(self.bot.operations, target)
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, "pause", name)
        await say(
            asked, paused(await self.bot.operations.pause(name, minutes * 60.0, reason, actor)), private=False
        )

    @app_commands.command(description="Let opsbot act by itself again", extras=needs(Permission.OPERATE))
    @app_commands.describe(target="Which target; may be left out when there is only one")
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.guild_only()
    async def resume(self, asked: Asked, target: str | None = None) -> None:
        """Ends a pause."""
        name = the_target(self.bot.operations, target)
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, "resume", name)
        await say(asked, resumed(name, await self.bot.operations.resume(name, actor)), private=False)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Health(bot), guild=bot.guild)
