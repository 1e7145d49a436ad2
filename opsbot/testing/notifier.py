"""Doubles of what delivers: a notifier that records, and a Discord that fails as told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from opsbot.clock import Clock
from opsbot.domain.notice import Receipt, Telling
from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError
from opsbot.notifiers._transport import PAGE, Page, Standing, Thread, id_at


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
    returns the existing message; a deleted message cannot be edited nor, by id, be answered; the history
    is read a page at a time; a message has one thread at most, which has its id and outlives it.

    `messages`: in channels; `threads`: those in threads, by thread. `names`: of threads. `no_thread`: why
    none is made. `no_file`: why none is taken. `forbidden`: words that are refused, as AutoMod does.
    `fails`: errors raised once each, in order. `lose_answers`: that many sends work, and then fail as if the
    connection had broken before the answer came. `knows_nonces`: False when their few minutes are over.
    `shows_history`: False without that permission. `clock`: Discord's own, from which ids are made; without
    one every message is newer than any moment. `reads`: how often the history was asked for.
    """

    messages: dict[int, FakeMessage] = field(default_factory=dict)
    threads: dict[int, list[FakeMessage]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    no_thread: DeliveryError | None = None
    no_file: DeliveryError | None = None
    forbidden: str = ""
    fails: deque[DeliveryError] = field(default_factory=deque)
    lose_answers: int = 0
    requests: int = 0
    knows_nonces: bool = True
    shows_history: bool = True
    clock: Clock | None = None
    reads: int = 0
    gone: set[int] = field(default_factory=set)
    _last: int = id_at(4e9)

    async def send(self, channel_id: int, payload: Payload) -> int:
        """See `DiscordTransport.send`."""
        self._request()
        if payload.files and self.no_file:
            raise self.no_file
        if self.forbidden and self.forbidden in (payload.content or ""):
            raise DeliveryError("blocked by AutoMod (200000)", permanent=True)
        message = self._existing(channel_id, payload.nonce) or self._create(channel_id, payload)
        if self.lose_answers:
            self._lose()
        return message.id

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """See `DiscordTransport.edit`."""
        self._request()
        message = self.messages.get(message_id)
        if message is None or message.channel != channel_id:
            raise DeliveryError("unknown message (10008)", permanent=True, forgotten=True)
        message.shown = payload
        message.edits += 1

    async def read(self, channel_id: int, after: int) -> Page:
        """See `DiscordTransport.read`."""
        self._request()
        self.reads += 1
        known = (m for m in self._all(channel_id) if m.channel == channel_id and m.id > after)
        found = list(known)[:PAGE] if self.shows_history else []
        return Page(tuple(_standing(m) for m in found), found[-1].id if found else after, len(found))

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> Thread:
        """See `DiscordTransport.open_thread`."""
        self._request()
        if self.no_thread:
            raise self.no_thread
        if message_id in self.threads:
            return Thread(message_id, new=False)
        if message_id not in self.messages or self.messages[message_id].channel != channel_id:
            raise DeliveryError("unknown message (10008)", permanent=True, forgotten=True)
        self.threads[message_id], self.names[message_id] = [], name
        if self.lose_answers:
            self._lose()
        return Thread(message_id, new=True)

    def delete_thread(self, thread: int) -> None:
        """Somebody deletes a thread with all that stands in it."""
        del self.threads[thread], self.names[thread]
        self.gone.add(thread)

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

    def _lose(self) -> None:
        self.lose_answers -= 1
        raise DeliveryError("the connection broke", permanent=False)

    def _all(self, channel: int) -> list[FakeMessage]:
        return self.threads[channel] if channel in self.threads else list(self.messages.values())

    def _existing(self, channel: int, nonce: str) -> FakeMessage | None:
        if not (nonce and self.knows_nonces):
            return None
        known = (m for m in self._all(channel) if (m.channel, m.first.nonce) == (channel, nonce))
        return next(known, None)

    def _create(self, channel: int, payload: Payload) -> FakeMessage:
        if channel in self.gone:
            raise DeliveryError("there is no channel (10003)", permanent=True, place=True)
        if payload.reply_to is not None and payload.reply_to not in self.messages:
            raise DeliveryError("unknown message (10008)", permanent=True, forgotten=True)
        now = id_at(self.clock.now().wall) if self.clock else 0
        self._last = max(self._last + 1, now) if not self.clock or self.messages or self.threads else now
        message = FakeMessage(self._last, channel, payload, payload)
        if channel in self.threads:
            self.threads[channel].append(message)
        else:
            self.messages[message.id] = message
        return message


def _standing(message: FakeMessage) -> Standing:
    content = message.first.content if message.shown.content is None else message.shown.content
    footer = message.shown.embeds[0].footer if message.shown.embeds else ""
    return Standing(message.id, content or "", footer, message.first.reply_to)
