"""`/metrics`: numbers over a window."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import seconds_of, suggest_targets, suggest_windows, the_target
from opsbot.domain.access import Permission
from opsbot.draw.metrics import metrics_payload


class Metrics(commands.Cog):
    """What was measured."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(description="Current values of a target, with average, minimum and maximum",
                          extras=needs(Permission.VIEW))  # fmt: skip
    @app_commands.describe(
        target="Which target; may be left out when there is only one",
        window="How far back: 15m, 1h, 24h, 7d or alike; 1h if left out",
    )
    @app_commands.autocomplete(target=suggest_targets, window=suggest_windows)
    @app_commands.guild_only()
    async def metrics(self, asked: Asked, target: str | None = None, window: str = "1h") -> None:
        """Each metric with a sparkline."""
        name, seconds = the_target(self.bot.operations, target), seconds_of(window)
        await think(asked, private=False)
        report = await self.bot.operations.metrics(name, seconds)
        await say(asked, metrics_payload(report), private=False)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Metrics(bot), guild=bot.guild)
