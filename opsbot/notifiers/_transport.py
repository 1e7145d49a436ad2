"""The port through which the notifier `discord` speaks; the bot implements it."""

from __future__ import annotations

from typing import Protocol

from opsbot.draw.payload import Payload

PORT = "discord_transport"
"""Its key in `NotifierContext.ports`."""


class DiscordTransport(Protocol):
    """Sends and edits messages in channels, by id. Payloads come clamped.

    Both methods raise `DeliveryError`:

    - `permanent`: channel gone (10003), no permission, payload refused, token revoked;
    - `permanent` and `forgotten`: the message to edit (10008) or to answer is gone, or can't be edited any
      more (30046, archived thread): a new one may be posted;
    - else transient, with `retry_after` where Discord said it: 429, 5xx, reset, not logged in, no answer
      in time.
    """

    async def send(self, channel_id: int, payload: Payload) -> int:
        """Posts `payload` and returns the message's id. Only `payload.roles` may ping. With a nonce it is
        safe to repeat within minutes: Discord then returns the existing message (`enforce_nonce`)."""

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """Makes a message show `payload`; `content` None leaves its content as it is. Never pings."""
