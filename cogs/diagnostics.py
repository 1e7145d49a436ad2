"""`/diagnostics` and `/profile`: what whoever is to help must know, for the asker's eyes alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.buttons import NUMBER, GuardedButton
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.incident import live_incident
from cogs._ui.options import suggest_targets, the_target
from cogs._ui.progress import show_progress
from opsbot.domain.access import Permission
from opsbot.domain.diagnostics import Bundle
from opsbot.draw.diagnostics import bundle_payload, profile_payload, profiling_payload, too_large
from opsbot.draw.payload import File

TOO_LARGE_STATUS = 413
"""What Discord answers to a request with a file that is too large for it."""

SECONDS = 10
LONGEST = 60


class DiagnoseButton(GuardedButton, template=rf"opsbot:diagnose:(?P<key>{NUMBER})"):
    """Diagnostics of an incident's target."""

    permission = Permission.ADMINISTER
    verb = "diagnostics"

    async def pressed(self, asked: Asked) -> None:
        """As the command does."""
        await think(asked, private=True)
        incident = await live_incident(asked, int(self.key), self.verb)
        await _collect(asked, the_target(asked.client.operations, incident.target))


class Diagnostics(commands.Cog):
    """Diagnostics of a target."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        description="Collect what whoever helps must know, without secrets, in one file for you alone",
        extras=needs(Permission.ADMINISTER),
    )
    @app_commands.describe(target="Which target; may be left out when there is only one")
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def diagnostics(self, asked: Asked, target: str | None = None) -> None:
        """Shows how far it is, then the file."""
        name = the_target(self.bot.operations, target)
        await think(asked, private=True)
        await _collect(asked, name)

    @app_commands.command(
        description="Look for some seconds where a Python target spends its time (py-spy)",
        extras=needs(Permission.ADMINISTER),
    )
    @app_commands.describe(
        target="Which target; may be left out when there is only one",
        seconds="For how long; 10 if left out",
    )
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def profile(
        self,
        asked: Asked,
        target: str | None = None,
        seconds: app_commands.Range[int, 1, LONGEST] = SECONDS,
    ) -> None:
        """A short table of the hottest functions."""
        host = self.bot
        name = the_target(host.operations, target)
        await think(asked, private=True)
        actor = allowed(asked, Permission.ADMINISTER, "profile", name)
        await say(asked, profiling_payload(name, seconds), private=True)
        profile = await host.operations.bundles.profile(name, seconds, actor)
        await say(asked, profile_payload(profile), private=True)


async def _collect(asked: Asked, name: str) -> None:
    """Shows how far it is, then the file."""
    host = asked.client
    actor = allowed(asked, Permission.ADMINISTER, "diagnostics", name)
    begun = await host.operations.bundles.begin(name, actor)

    async def show(bundle: Bundle) -> None:
        await say(asked, bundle_payload(bundle), private=True)

    last = await show_progress(_states(host, begun), show, host.clock, host.edit_every)
    if last is not None and last.over and not last.error:
        allowed(asked, Permission.ADMINISTER, "diagnostics", name)
        await _hand_over(asked, last)


async def _states(host: Host, bundle: Bundle) -> AsyncIterator[Bundle]:
    """The bundle each time it changes, ending with the one that is over."""
    yield bundle
    while not bundle.over:
        bundle = await host.operations.bundles.look(bundle.number, bundle.version)
        yield bundle


async def _hand_over(asked: Asked, bundle: Bundle) -> None:
    """With its file, unless Discord does not take such a large one here."""
    limit = min(asked.filesize_limit, asked.guild.filesize_limit if asked.guild else asked.filesize_limit)
    if bundle.size <= limit:
        content = await asked.client.operations.bundles.take(bundle.number)
        try:
            file = File(bundle.name, content)
            await say(asked, replace(bundle_payload(bundle), files=(file,)), private=True)
        except discord.HTTPException as error:
            if error.status != TOO_LARGE_STATUS:
                raise
        else:
            return
    await say(asked, bundle_payload(bundle, too_large(bundle, limit)), private=True)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(DiagnoseButton)
    await bot.add_cog(Diagnostics(bot), guild=bot.guild)


async def teardown(bot: Host) -> None:
    """Called by discord.py."""
    bot.remove_dynamic_items(DiagnoseButton)
