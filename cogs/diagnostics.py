"""`/diagnostics` and `/profile`: what whoever is to help must know, for the asker's eyes alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import suggest_targets, the_target
from cogs._ui.progress import show_progress
from opsbot.domain.access import Permission
from opsbot.domain.diagnostics import Bundle
from opsbot.draw.diagnostics import TOO_LARGE, bundle_payload, profile_payload, profiling_payload
from opsbot.draw.payload import File, Payload
from opsbot.text import bytes_text, inline_code

SECONDS = 10
LONGEST = 60


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
        host = self.bot
        name = the_target(host.operations, target)
        await think(asked, private=True)
        actor = allowed(asked, Permission.ADMINISTER, "diagnostics", name)
        begun = await host.operations.bundles.begin(name, actor)

        async def show(bundle: Bundle) -> None:
            await say(asked, bundle_payload(bundle), private=True)

        last = await show_progress(_states(host, begun), show, host.clock, host.edit_every)
        if last is not None and last.over and not last.error:
            allowed(asked, Permission.ADMINISTER, "diagnostics", name)
            await say(asked, await _with_file(asked, last), private=True)

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


async def _states(host: Host, bundle: Bundle) -> AsyncIterator[Bundle]:
    """The bundle each time it changes, ending with the one that is over."""
    yield bundle
    while not bundle.over:
        bundle = await host.operations.bundles.look(bundle.number, bundle.version)
        yield bundle


async def _with_file(asked: Asked, bundle: Bundle) -> Payload:
    if bundle.size > asked.filesize_limit:
        limit, target = bytes_text(asked.filesize_limit), inline_code(bundle.target, 80).strip("`")
        return bundle_payload(bundle, TOO_LARGE.format(limit=limit, target=target))
    content = await asked.client.operations.bundles.take(bundle.number)
    return replace(bundle_payload(bundle), files=(File(bundle.name, content),))


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Diagnostics(bot), guild=bot.guild)
