"""The ops channel as reports are told in it, and what becomes of deploys."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.draw.payload import Payload
from opsbot.notifiers._transport import PAGE, DiscordTransport, id_at

PAGES = 50
"""Pages of the channel's history that are read at most: 5,000 messages."""


@dataclass(frozen=True, slots=True)
class OpsChannel:
    """Implements `runtime.reporting.Channel` and `runtime.deploys.Channel`."""

    transport: DiscordTransport
    channel_id: int

    async def send(self, payload: Payload) -> None:
        """Posts it."""
        await self.transport.send(self.channel_id, payload)

    async def edit(self, place: str, payload: Payload) -> None:
        """Makes a message of any channel show it."""
        channel, _, message = place.partition("/")
        await self.transport.edit(int(channel), int(message), payload)

    async def stands(self, marker: str, since: float) -> bool:
        """Whether a message of opsbot's own whose footer begins so was posted since then."""
        after = id_at(since)
        for _ in range(PAGES):
            page = await self.transport.read(self.channel_id, after)
            if any(message.footer.startswith(marker) for message in page.messages):
                return True
            if page.count < PAGE:
                return False
            after = page.last
        return False
