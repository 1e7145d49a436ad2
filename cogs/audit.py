"""`/audit`: who did what."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from opsbot.domain.access import Permission
from opsbot.domain.audit import ActFilter
from opsbot.draw.audit import SHOWN, audit_payload
from opsbot.text import one_line

MOST = 5000
"""Acts that an answer gives at most; the command line gives more."""

_WORD = 100  # characters of a filter
_MENTION = "<@!> "
"""What stands around an id where somebody was mentioned."""

Count = app_commands.Range[int, 1, MOST]
Word = app_commands.Range[str, 1, _WORD]


class Audit(commands.Cog):
    """The record, which nobody can change."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(description="Who did what, newest first", extras=needs(Permission.ADMINISTER))
    @app_commands.describe(
        count="How many acts, at most 5000; 25 if left out. More than fit here come as a file",
        who="Only of these: a mention, an id, or a part of a name; of everybody if left out",
        target="Only on these: a target, or a part of its name; on all if left out",
    )
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def audit(
        self, asked: Asked, count: Count = SHOWN, who: Word | None = None, target: Word | None = None
    ) -> None:
        """For the asker's eyes only; that they looked is an act too."""
        await think(asked, private=True)
        actor = allowed(asked, Permission.ADMINISTER, "audit")
        wanted = ActFilter(_person(who or ""), target or "")
        memory = self.bot.operations.memory
        acts = await memory.audit(count, wanted)
        filters = " ".join(part for part in (who, target) if part)
        await memory.record(actor, "audit", "", one_line(f"the newest {count} {filters}".strip(), _WORD))
        await say(asked, audit_payload(acts), private=True)


def _person(who: str) -> str:
    """A mention says an id."""
    bare = who.strip(_MENTION)
    return bare if bare.isdecimal() else who


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Audit(bot), guild=bot.guild)
