"""The bot's own channel: one message an incident, edited as it changes, answered silently when it is over.

Going down and escalation are new messages that ping the configured roles; everything else is an edit, and
edits never ping. A lost message is replaced. A repeated delivery shows nothing twice: sends carry a nonce.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from pydantic import Field

from opsbot.domain.incident import Incident
from opsbot.domain.levels import Priority
from opsbot.domain.notice import NoticeKind, Receipt, Telling
from opsbot.draw.incident import incident_alarm, incident_message, moved_message, resolved_reply
from opsbot.draw.payload import Payload, fingerprint
from opsbot.errors import DeliveryError, UsageError
from opsbot.notifiers._transport import PORT, DiscordTransport
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions

_LOUD = (NoticeKind.OPENED, NoticeKind.ESCALATED)
_REMEMBERED = 1000  # fingerprints; a forgotten one costs one needless edit


class Options(NotifierOptions):
    """`channel_id`: where incidents stand. `role_ids`: pinged when one opens or escalates, if its priority
    is `ping_from` or more urgent (P1 is the most urgent)."""

    channel_id: int = Field(gt=0)
    role_ids: tuple[int, ...] = ()
    ping_from: Priority = Priority.P3


def build(options: Options, context: NotifierContext) -> Notifier:
    """Raises:
    UsageError: nobody provides a connection to Discord.
    """
    transport = context.ports.get(PORT)
    if transport is None:
        raise UsageError(
            f"the notifier `{context.name}` needs the bot: set OPSBOT_DISCORD_TOKEN, "
            f"or use the kind `discord_webhook`, which works without it."
        )
    return DiscordNotifier(options, context.name, transport, context.clock.now().mono)


class DiscordNotifier:
    """See the module. A receipt's place is "channel/message"."""

    def __init__(self, options: Options, name: str, transport: DiscordTransport, started: float) -> None:
        self._options = options
        self._name = name
        self._transport = transport
        self._started = started
        self._shown: dict[int, str] = {}  # message id → fingerprint of what stands there
        self._tried: set[int] = set()  # rows whose sending may have worked although no answer came

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`."""
        incident, place = telling.incident, _place(telling.receipt)
        # without a place nobody was told yet: the opening was given up while the channel was closed
        if incident.live and (place is None or telling.notice.kind in _LOUD):
            new = await self._post(telling, self._alarm(telling))
            if place and place != new:
                with contextlib.suppress(DeliveryError):  # the new message tells; the old one is tidied
                    await self._transport.edit(*place, moved_message(incident))
            return self._receipt(incident, new)
        if place is None or not await self._edit(place, telling):
            silent = replace(incident_message(incident, late=telling.late), silent=True)
            return self._receipt(incident, await self._post(telling, silent))
        if not incident.live:
            await self._answer(place, telling)
        return self._receipt(incident, place)

    async def close(self) -> None:
        """Nothing is held: the connection is the bot's."""

    def _alarm(self, telling: Telling) -> Payload:
        urgent = telling.incident.priority.rank <= self._options.ping_from.rank
        roles = self._options.role_ids if urgent and telling.pings else ()
        escalated = telling.notice.kind is NoticeKind.ESCALATED
        return incident_alarm(telling.incident, roles, escalated=escalated, late=telling.late)

    async def _post(self, telling: Telling, payload: Payload) -> tuple[int, int]:
        channel, row = self._options.channel_id, telling.notice
        repeated = row.id in self._tried or row.created.mono < self._started
        self._tried.add(row.id)
        message = await self._transport.send(channel, replace(payload, nonce=nonce(telling)))
        if repeated:  # the nonce may have found the message of the first try, which shows what was then
            await self._transport.edit(channel, message, replace(payload, content=None))
        self._tried.discard(row.id)
        self._remember(message, payload)
        return channel, message

    async def _edit(self, place: tuple[int, int], telling: Telling) -> bool:
        """Shows the incident as it is, if that is something new; False when the message is gone."""
        payload = incident_message(telling.incident, late=telling.late)
        if self._shown.get(place[1]) == _look(payload):
            return True
        try:
            await self._transport.edit(*place, payload)
        except DeliveryError as error:
            if not error.forgotten:
                raise
            return False
        self._remember(place[1], payload)
        return True

    async def _answer(self, place: tuple[int, int], telling: Telling) -> None:
        reply = replace(resolved_reply(telling.incident, reply_to=place[1]), nonce=nonce(telling))
        try:
            await self._transport.send(place[0], reply)
        except DeliveryError as error:
            if not error.forgotten:
                raise
            await self._transport.send(place[0], replace(reply, reply_to=None))
        self._shown.pop(place[1], None)

    def _remember(self, message: int, payload: Payload) -> None:
        self._shown.pop(message, None)
        self._shown[message] = _look(payload)
        if len(self._shown) > _REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def _receipt(self, incident: Incident, place: tuple[int, int]) -> Receipt:
        return Receipt(self._name, incident.id, f"{place[0]}/{place[1]}")


def nonce(telling: Telling) -> str:
    """One for each row of the outbox, so that a repeated delivery is recognised."""
    return f"opsbot-{telling.notice.id}"


def _look(payload: Payload) -> str:
    """Fingerprint without the content, which edits leave as it is."""
    return fingerprint(replace(payload, content=None))


def _place(receipt: Receipt | None) -> tuple[int, int] | None:
    """Where the incident stands; None when that cannot be read: then it is told anew."""
    if receipt is None:
        return None
    channel, _, message = receipt.place.partition("/")
    return (int(channel), int(message)) if channel.isdecimal() and message.isdecimal() else None
