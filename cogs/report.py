"""`/report`: what became of a day, a week or a month."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import needs
from cogs._ui.host import Asked, Host
from opsbot.domain.access import Permission
from opsbot.domain.report import Period
from opsbot.runtime.memory import period_of
from opsbot.runtime.reporting import drawn

PERIODS = [app_commands.Choice(name=period.value, value=period.value) for period in Period]


class Report(commands.Cog):
    """Figures up to now, beside those of the time before."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(description="Uptime, incidents and restarts of a day, a week or a month",
                          extras=needs(Permission.VIEW))  # fmt: skip
    @app_commands.describe(period="How much of the past, up to now; a week if left out")
    @app_commands.choices(period=PERIODS)
    @app_commands.guild_only()
    async def report(self, asked: Asked, period: str = Period.WEEK.value) -> None:
        """With a picture where charts are installed."""
        await think(asked, private=False)
        found = await self.bot.operations.memory.report(period_of(period))
        await say(asked, await drawn(found, self.bot.painter), private=False)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Report(bot), guild=bot.guild)
