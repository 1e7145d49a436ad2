"""Doubles of what delivers: a notifier that records, and a Discord that fails as told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from opsbot.domain.notice import Receipt, Telling
from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError


@dataclass(slots=True)
class RecordingNotifier:
    """Keeps what it was told. Each error in `fails` is raised once, in order, before it tells again."""

    name: str = "recording"
    told: list[Telling] = field(default_factory=list)
    fails: deque[DeliveryError] = field(default_factory=deque)
    closed: bool = False

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`."""
        if self.fails:
            raise self.fails.popleft()
        self.told.append(telling)
        return Receipt(self.name, telling.incident.id, str(telling.notice.id))

    async def close(self) -> None:
        """Remembers that it was closed."""
        self.closed = True


@dataclass(slots=True)
class FakeMessage:
    """A message as it stands; `first` is what was sent, `shown` what the last edit made of it."""

    id: int
    channel: int
    first: Payload
    shown: Payload
    edits: int = 0


@dataclass(slots=True)
class FakeDiscord:
    """A `DiscordTransport` in memory, with Discord's behaviour where delivery leans on it: a repeated nonce
    returns the existing message; a deleted message cannot be edited nor, by id, be answered.

    `fails`: errors raised once each, in order. `lose_answers`: that many sends work, and then fail as if the
    connection had broken before the answer came.
    """

    messages: dict[int, FakeMessage] = field(default_factory=dict)
    fails: deque[DeliveryError] = field(default_factory=deque)
    lose_answers: int = 0
    requests: int = 0
    _last: int = 1000

    async def send(self, channel_id: int, payload: Payload) -> int:
        """See `DiscordTransport.send`."""
        self._request()
        message = self._existing(channel_id, payload.nonce) or self._create(channel_id, payload)
        if self.lose_answers:
            self.lose_answers -= 1
            raise DeliveryError("the connection broke", permanent=False)
        return message.id

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """See `DiscordTransport.edit`."""
        self._request()
        message = self.messages.get(message_id)
        if message is None or message.channel != channel_id:
            raise DeliveryError("unknown message (10008)", permanent=True, forgotten=True)
        message.shown = payload
        message.edits += 1

    def delete(self, message_id: int) -> None:
        """Somebody deletes a message."""
        del self.messages[message_id]

    def posted(self) -> list[Payload]:
        """What was sent, oldest first, without what was deleted."""
        return [message.first for message in self.messages.values()]

    def _request(self) -> None:
        self.requests += 1
        if self.fails:
            raise self.fails.popleft()

    def _existing(self, channel: int, nonce: str) -> FakeMessage | None:
        known = (
            m for m in self.messages.values() if nonce and (m.channel, m.first.nonce) == (channel, nonce)
        )
        return next(known, None)

    def _create(self, channel: int, payload: Payload) -> FakeMessage:
        if payload.reply_to is not None and payload.reply_to not in self.messages:
            raise DeliveryError("unknown message (10008)", permanent=True, forgotten=True)
        self._last += 1
        message = FakeMessage(self._last, channel, payload, payload)
        self.messages[message.id] = message
        return message
