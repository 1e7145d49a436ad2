"""Who may: asked before every callback and once more right before every side effect."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import structlog

from cogs._ui.answer import say_privately
from cogs._ui.host import Asked, Host
from opsbot.domain.access import Permission, Principal
from opsbot.domain.actor import Actor, ActorKind
from opsbot.draw.answers import refusal
from opsbot.engine.access import REFUSAL, authorize
from opsbot.errors import Refused
from opsbot.text import one_line

_NAME, _TARGET = 80, 100  # characters of texts that go to the audit
_KEY = "permission"

log = structlog.get_logger("opsbot.discord")


class NotAllowed(Refused):
    """Who asked may not. The text is the refusal; `why` is for the audit alone."""

    def __init__(self, verb: str, target: str, why: str) -> None:
        super().__init__(REFUSAL)
        self.verb, self.target, self.why = verb, target, why


def needs(permission: Permission) -> dict[Any, Any]:
    """`extras` of a command: what it takes. A command without it is refused to everybody."""
    return {_KEY: permission}


def needed(command: object) -> Permission | None:
    """What a command takes; None when it does not say."""
    extras = getattr(command, "extras", {})
    permission = extras.get(_KEY)
    return permission if isinstance(permission, Permission) else None


def principal(asked: Asked, user: discord.Member | discord.User | None = None) -> Principal:
    """Who asks, or `user`, as Discord vouches for them in this very interaction."""
    user = user or asked.user
    inside = isinstance(user, discord.Member)
    return Principal(
        user_id=user.id,
        name=one_line(user.display_name, _NAME),
        guild_id=asked.guild_id if inside else None,
        channel_id=_channel(asked),
        role_ids=frozenset(role.id for role in user.roles)
        if isinstance(user, discord.Member)
        else frozenset(),
        bot=user.bot,
    )


def _channel(asked: Asked) -> int | None:
    """Where it is asked; a thread that is not named itself counts as the channel in which it is."""
    channel, number = asked.channel, asked.channel_id
    if isinstance(channel, discord.Thread) and number not in asked.client.access.channels:
        return channel.parent_id
    return number


def actor_of(asked: Asked, user: discord.Member | discord.User | None = None) -> Actor:
    """Who asks, or `user`, for the record."""
    user = user or asked.user
    return Actor(ActorKind.DISCORD, str(user.id), one_line(user.display_name, _NAME))


def able(asked: Asked, user: discord.Member, permission: Permission) -> bool:
    """Whether another member could ask for such a thing here."""
    return authorize(principal(asked, user), permission, asked.client.access).allowed


def allowed(asked: Asked, permission: Permission | None, verb: str, target: str = "") -> Actor:
    """Whoever asks, if they may now.

    Raises:
        NotAllowed: they may not.
    """
    target = one_line(target, _TARGET)
    if permission is None:
        raise NotAllowed(verb, target, "nothing says who may")
    decision = authorize(principal(asked), permission, asked.client.access)
    if not decision.allowed:
        raise NotAllowed(verb, target, decision.log_reason)
    return actor_of(asked)


async def admit(asked: Asked, permission: Permission | None, verb: str, target: str = "") -> bool:
    """Whether the callback may run; whoever may not is refused and recorded. Never raises."""
    asked.client.own(asyncio.current_task())
    try:
        allowed(asked, permission, verb, target)
    except NotAllowed as denied:
        await turn_away(asked, denied)
        return False
    return True


async def turn_away(asked: Asked, denied: NotAllowed) -> None:
    """The same private sentence for everybody, and a line in the audit, once. Never raises."""
    try:
        await say_privately(asked, refusal(REFUSAL))
    except Exception as error:  # the answer was too late or the network broke: it is still recorded
        log.warning("a refusal could not be told", error=repr(error))
    await _record(asked.client, actor_of(asked), denied)


async def _record(host: Host, actor: Actor, denied: NotAllowed) -> None:
    more = host.refusals.note(actor.id, denied.verb)
    if more is None:
        return
    why = denied.why + more
    log.warning("refused", actor=actor.id, verb=denied.verb, target=denied.target, why=why)
    try:
        await host.operations.refused(actor, denied.verb, denied.target, why)
    except Exception:
        log.exception("a refusal could not be recorded")
