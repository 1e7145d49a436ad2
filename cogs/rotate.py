"""`/rotate`: a target's log set aside, compressed, old archives removed; shown step by step."""

from __future__ import annotations

from dataclasses import replace

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.confirm import PATIENCE, confirm_row
from cogs._ui.follow import follow
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import suggest_targets, the_target
from opsbot.domain.access import Permission
from opsbot.domain.action import Rotate as Wanted
from opsbot.domain.rule import ActionKind
from opsbot.draw.answers import rotation_question
from opsbot.rotation.base import Plan
from opsbot.text import discord_time

MB = 2**20
MOST_MB, MOST_KEPT = 1_000_000, 10_000


class Rotate(commands.Cog):
    """Logs, rotated on demand."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        description="Rotate a target's log: set aside, compress, remove old archives",
        extras=needs(Permission.ADMINISTER),
    )
    @app_commands.describe(
        target="Which target; may be left out when there is only one",
        max_size_mb="Only if the log is larger than so many MB; at once if left out",
        keep="How many archives to keep; as configured if left out",
    )
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def rotate(
        self,
        asked: Asked,
        target: str | None = None,
        max_size_mb: app_commands.Range[int, 1, MOST_MB] | None = None,
        keep: app_commands.Range[int, 1, MOST_KEPT] | None = None,
    ) -> None:
        """Begins at once where no line can be lost; else asks first."""
        name = the_target(self.bot.operations, target)
        await think(asked, private=True)
        plan = await self.bot.operations.plan_rotation(name)
        wanted = Wanted((max_size_mb or 0) * MB, keep)
        if plan.warning and plan.size >= wanted.min_bytes:
            await _ask_first(asked, name, plan, wanted)
            return
        actor = allowed(asked, Permission.ADMINISTER, "rotate", name)
        await follow(asked, await self.bot.operations.rotate(name, "asked for", actor, wanted))


async def _ask_first(asked: Asked, target: str, plan: Plan, wanted: Wanted) -> None:
    host = asked.client
    key = host.questions.ask(
        asked.user.id, ActionKind.ROTATE_LOGS, target, "asked for, knowing what may be lost", rotate=wanted
    )
    until = discord_time(host.clock.now().wall + PATIENCE)
    question = rotation_question(target, plan.size, plan.warning)
    question = replace(question, content=f"This question closes {until}.", rows=(confirm_row(key),))
    await say(asked, question, private=True)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Rotate(bot), guild=bot.guild)
