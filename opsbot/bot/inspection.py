"""What is wrong with the guild, the channel, the roles and the permissions: one sentence each."""

from __future__ import annotations

from collections.abc import Iterator

import discord

from cogs._ui.host import Host
from opsbot.domain.access import AccessRules
from opsbot.text import one_line

_SHOWN = 300  # characters of Discord's own words

NEEDED = discord.Permissions(
    view_channel=True, send_messages=True, embed_links=True, read_message_history=True
)
"""Without these the ops channel stays silent."""

THREADS = discord.Permissions(create_public_threads=True, send_messages_in_threads=True, attach_files=True)
"""Without these an incident's timeline stays in its message, and files that belong to it may be left out."""

INVITED = NEEDED | THREADS | discord.Permissions(mention_everyone=True)
"""What the invite link asks for, here and in `opsbot init`. `attach_files` is for charts too.
`mention_everyone` is what lets a bot ping a role that not everybody may ping; opsbot pings configured roles
and never @everyone."""


def invite_link(application_id: int, guild_id: int | None = None) -> str:
    """Where an admin of the guild adds the bot."""
    guild = discord.Object(guild_id) if guild_id else discord.utils.MISSING
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(application_id, permissions=INVITED, guild=guild, scopes=scopes)


def problems_of(
    bot: Host, guild: discord.Guild | None, ping_roles: frozenset[int], *, threads: bool = True
) -> Iterator[str]:
    """Everything that a person must set right; nothing while Discord itself is out of order. `threads`:
    whether incidents are to have some."""
    if guild is None:
        link = invite_link(bot.application_id or 0, bot.access.guild_id)
        yield f"The bot is not a member of guild {bot.access.guild_id}: invite it with {link}"
        return
    if guild.unavailable:
        return
    yield from _channel(guild, bot.channel_id, threads=threads)
    yield from _roles(guild, bot.access)
    yield from _pings(guild, bot.channel_id, ping_roles)


def commands_missing(bot: Host, error: Exception) -> str:
    """Why the slash commands could not be registered."""
    guild = bot.access.guild_id
    if isinstance(error, discord.Forbidden | discord.NotFound):
        link = invite_link(bot.application_id or 0, guild)
        return f"The bot may not register its commands in guild {guild}: invite it again with {link}"
    words = one_line(str(error), _SHOWN)
    return f"Discord did not take the slash commands, the next login tries again: {words}"


def _channel(guild: discord.Guild, channel_id: int, *, threads: bool) -> Iterator[str]:
    channel = guild.get_channel_or_thread(channel_id)
    if channel is None:
        yield (
            f"There is no channel {channel_id} in guild {guild.id}, or the bot cannot see it: set "
            f"`discord.ops_channel`, or give the bot “View Channel” there."
        )
        return
    granted = channel.permissions_for(guild.me)
    grant = "Grant them under channel settings → Permissions, for the bot's own role."
    if missing := _names(NEEDED & ~granted):
        yield f"The bot lacks permissions in channel {channel_id}: {missing}. {grant}"
    if threads and (missing := _names(THREADS & ~granted)):
        yield (
            f"The bot lacks permissions in channel {channel_id} for the threads of incidents: {missing}. "
            f"{grant} Until then timelines stay in the messages; `discord.threads: false` wants it so."
        )


def _names(permissions: discord.Permissions) -> str:
    """ "Send Messages, Embed Links"."""
    return ", ".join(name.replace("_", " ").title() for name, value in permissions if value)


def _roles(guild: discord.Guild, access: AccessRules) -> Iterator[str]:
    for key, ids in (("viewer", access.viewers), ("operator", access.operators), ("admin", access.admins)):
        for role in sorted(ids):
            if guild.get_role(role) is None:
                yield f"`discord.roles.{key}` names role {role}, which guild {guild.id} does not have."


def _pings(guild: discord.Guild, channel_id: int, ping_roles: frozenset[int]) -> Iterator[str]:
    channel = guild.get_channel_or_thread(channel_id)
    free = channel is not None and channel.permissions_for(guild.me).mention_everyone
    for number in sorted(ping_roles):
        role = guild.get_role(number)
        if role is None:
            yield (
                f"`discord.mention_roles` or `on_call_role` names role {number}, "
                f"which guild {guild.id} does not have."
            )
        elif not (role.mentionable or free or channel is None):
            yield (
                f"Alerts will not ping role {number}: make the role mentionable, or give the bot “Mention "
                f"@everyone, @here, and All Roles” in channel {channel_id}."
            )
