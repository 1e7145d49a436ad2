"""The port through which the notifier `discord` speaks; the bot implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from opsbot.draw.payload import Payload

PORT = "discord_transport"
"""Its key in `NotifierContext.ports`."""

PAGE = 100
"""Messages that Discord gives at once at most (resources/message#get-channel-messages)."""

_DISCORD_EPOCH = 1_420_070_400_000
"""Milliseconds: the first of 2015, from which Discord counts (reference#snowflakes)."""


def id_at(wall: float) -> int:
    """The smallest id of what is made at `wall`, in seconds since 1970 UTC."""
    return max(0, int(wall * 1000) - _DISCORD_EPOCH) << 22


def made_at(number: int) -> float:
    """When what has this id was made, in seconds since 1970 UTC by Discord's clock."""
    return ((number >> 22) + _DISCORD_EPOCH) / 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """A message of the bot itself, as it stands. `footer`: of its first embed."""

    id: int
    content: str
    footer: str
    reply_to: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """`messages`: the bot's own, oldest first. `last`: id of the newest message of anybody, or what was asked
    for when there is none. `count`: how many of anybody; fewer than `PAGE` means that there are no more."""

    messages: tuple[Standing, ...]
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Thread:
    """A message's thread. `new`: it was made just now, so nothing stands in it."""

    id: int
    new: bool


class DiscordTransport(Protocol):
    """Sends, edits and reads messages in channels and threads, by id. Payloads come clamped.

    All methods raise `DeliveryError`:

    - `place`: channel gone (10003), no permission, token revoked;
    - `permanent` alone: payload refused;
    - `permanent` and `forgotten`: the message to edit (10008) or to answer is gone, or can't be edited any
      more (30046, archived thread): a new one may be posted;
    - else transient, with `retry_after` where Discord said it: 429, 5xx, reset, not logged in, no answer
      in time.
    """

    async def send(self, channel_id: int, payload: Payload) -> int:
        """Posts `payload` and returns the message's id. Only `payload.roles` may ping. With a nonce it is
        safe to repeat within minutes: Discord then returns the existing message (`enforce_nonce`). In a
        thread that is archived it opens it again."""

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """Makes a message show `payload`; `content` None leaves its content as it is. Never pings."""

    async def read(self, channel_id: int, after: int) -> Page:
        """The first messages after the id `after`, at most `PAGE` of all authors. Empty without the
        permission to read the channel's history."""

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> Thread:
        """Makes a thread from a message, or finds the one it has. `forgotten`: the message is gone."""
