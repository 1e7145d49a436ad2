"""`/monitoring`: the face of the monitoring loops, which run whether or not this cog is loaded."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import Choices, suggestions
from opsbot.domain.access import Permission
from opsbot.draw.answers import loop_changed, loops_list


async def suggest_loops(asked: Asked, current: str) -> Choices:
    """Loops whose name contains what was typed."""
    typed = current.casefold()
    return suggestions(
        [loop.name for loop in asked.client.operations.loops() if typed in loop.name.casefold()]
    )


class Monitoring(commands.Cog):
    """Lists, pauses, resumes and runs the loops of the runtime that the bot is attached to."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    monitoring = app_commands.Group(
        name="monitoring", description="The loops that look at the targets", guild_only=True
    )

    @monitoring.command(name="list", description="All monitoring loops", extras=needs(Permission.VIEW))
    async def list_loops(self, asked: Asked) -> None:
        """How often each looks, when it last did, how often that broke."""
        await say(asked, loops_list(self.bot.operations.loops()), private=True)

    @monitoring.command(description="Stop a loop until it is resumed", extras=needs(Permission.OPERATE))
    @app_commands.describe(loop="Which loop")
    @app_commands.autocomplete(loop=suggest_loops)
    async def pause(self, asked: Asked, loop: str) -> None:
        """Nothing of this loop is looked at meanwhile."""
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, "monitoring pause", loop)
        await say(asked, loop_changed(await self.bot.operations.pause_loop(loop, actor)), private=False)

    @monitoring.command(description="Let a paused loop look again", extras=needs(Permission.OPERATE))
    @app_commands.describe(loop="Which loop")
    @app_commands.autocomplete(loop=suggest_loops)
    async def resume(self, asked: Asked, loop: str) -> None:
        """Ends the pause of a loop."""
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, "monitoring resume", loop)
        await say(asked, loop_changed(await self.bot.operations.resume_loop(loop, actor)), private=False)

    @monitoring.command(description="Look once, now", extras=needs(Permission.OPERATE))
    @app_commands.describe(loop="Which loop")
    @app_commands.autocomplete(loop=suggest_loops)
    async def run(self, asked: Asked, loop: str) -> None:
        """Also a paused loop looks."""
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, "monitoring run", loop)
        looked = await self.bot.operations.run_loop(loop)
        await self.bot.operations.memory.record(actor, "run loop", looked.name)
        await say(asked, loop_changed(looked), private=False)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Monitoring(bot), guild=bot.guild)
