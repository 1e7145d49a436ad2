"""`/drill`: a marked test through the notifiers, shown while it goes."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import Choices, suggestions
from cogs._ui.progress import show_progress
from opsbot.domain.access import Permission
from opsbot.domain.drill import Drill as State
from opsbot.draw.drill import drill_payload


async def suggest_notifiers(asked: Asked, current: str) -> Choices:
    """Notifiers whose name contains what was typed. Outsiders were turned away by the tree."""
    typed = current.casefold()
    return suggestions([name for name in asked.client.operations.notifiers() if typed in name.casefold()])


class Drill(commands.Cog):
    """Whether an alert would arrive."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        description="Send a test through the notifiers and show what arrived, and how long it took",
        extras=needs(Permission.ADMINISTER),
    )
    @app_commands.describe(
        notifier="Which one; all if left out",
        ping="Ping and page as an urgent incident would; no if left out",
    )
    @app_commands.autocomplete(notifier=suggest_notifiers)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def drill(self, asked: Asked, notifier: str | None = None, ping: bool = False) -> None:
        """Everybody sees it: the test may reach many."""
        host = self.bot
        await think(asked, private=False)
        actor = allowed(asked, Permission.ADMINISTER, "drill", notifier or "")

        async def show(state: State) -> None:
            await say(asked, drill_payload(state), private=False)

        stream = host.operations.drill(actor, notifier, ping=ping)
        await show_progress(stream, show, host.clock, host.edit_every)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Drill(bot), guild=bot.guild)
