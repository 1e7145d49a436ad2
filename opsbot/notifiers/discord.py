"""The bot's own channel: one message an incident, edited as it changes, answered silently when it is over,
and a thread below it with the whole timeline.

Going down and escalation are new messages that ping the configured roles; everything else is an edit, and
edits never ping. A lost message is replaced.

Nothing is shown twice. Posts carry a nonce, by which Discord knows a repeat for some minutes; and before a
post whose like may stand there already, because no answer came to an earlier one or because another process
may have made it, the channel's history is searched for the incident's marker, or for the reply.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from opsbot.domain.levels import Priority
from opsbot.domain.notice import NoticeKind, Receipt, Telling
from opsbot.draw.incident import (
    OVER,
    incident_alarm,
    incident_message,
    marker,
    moved_message,
    resolved_reply,
)
from opsbot.draw.payload import Payload, fingerprint
from opsbot.errors import DeliveryError, UsageError
from opsbot.notifiers._history import History
from opsbot.notifiers._place import Place, Try, is_before, is_known, read, written
from opsbot.notifiers._posting import Work
from opsbot.notifiers._thread import Threads
from opsbot.notifiers._transport import PORT, DiscordTransport
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions

_LOUD = (NoticeKind.OPENED, NoticeKind.ESCALATED)
_REMEMBERED = 1000  # of each kind; what is forgotten costs a needless edit, or a look into the history


class Options(NotifierOptions):
    """`channel_id`: where incidents stand. `role_ids`: pinged when one opens or escalates, if its priority
    is `ping_from` or more urgent (P1 is the most urgent). `on_call_ids`: roles pinged beside them by each P1
    and each escalation. `threads`: whether each incident's message gets a
    thread with the timeline."""

    edits_silently: ClassVar[bool] = True

    channel_id: int = Field(gt=0)
    role_ids: tuple[int, ...] = ()
    on_call_ids: tuple[int, ...] = ()
    ping_from: Priority = Priority.P3
    threads: bool = True


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
    return DiscordNotifier(options, context, transport)


class DiscordNotifier:
    """See the module. A receipt's place: see `_place.written`."""

    def __init__(self, options: Options, context: NotifierContext, transport: DiscordTransport) -> None:
        self._options = options
        self._name = context.name
        self._transport = transport
        self._clock = context.clock
        self._started = self._clock.now().mono
        self._history = History(transport, options.channel_id, self._clock)
        self._threads = Threads(transport, context, self._history, enabled=options.threads)
        self._shown: dict[int, str] = {}  # message id → fingerprint of what stands there
        self._tries: dict[int, Try] = {}  # by incident
        self._replies: dict[int, Try] = {}  # likewise, of the reply that it is over
        self._silent: set[Place] = set()  # found messages that already told of an end: no reply to them

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`."""
        began = self._clock.now().mono
        old, stand = read(telling.receipt)
        perhaps = self._is_inherited(telling) or not is_known(self._tries.get(telling.incident.id), old)
        place = await self._message(telling, old)
        parents = [(place[0], stand.parent)] if stand.parent else []
        if old is not None and old != place and old[0] == place[0]:
            parents.append(old)
        work = Work(telling.incident, [*parents, place], place, began, telling.busy)
        told = await self._threads.tell(work, stand)
        where = written(place, told.stand)
        alarmed = telling.alarmed.wall if telling.alarmed and perhaps else 0.0
        missed = is_before(place, alarmed)  # a new post has a new time
        return Receipt(self._name, telling.incident.id, where, told.extra, told.owes, missed)

    async def _message(self, telling: Telling, old: Place | None) -> Place:
        """Makes a message show the incident; where it stands."""
        incident = telling.incident
        # without a place nobody was told yet: the opening was given up while the channel was closed
        alarming = incident.live and (old is None or telling.notice.kind in _LOUD)
        found = await self._unrecorded(telling, old)
        if found is not None and await self._edit(found, telling, surely=True):
            place = found
        elif alarming:
            place = await self._post(telling, self._alarm(telling))
        elif old is not None and await self._edit(old, telling):
            place = old
        else:
            return await self._replaced(telling, old)
        if old is not None and place != old:
            with contextlib.suppress(DeliveryError):  # the new message tells; the old one is tidied
                await self._transport.edit(*old, moved_message(incident))
        over = not (incident.live or incident.part_of)
        if over and telling.notice.kind is not NoticeKind.CHANGED and place not in self._silent:
            await self._answer(place, telling)
        return place

    async def close(self) -> None:
        """Nothing is held: the connection is the bot's."""

    def _alarm(self, telling: Telling) -> Payload:
        urgent = telling.incident.priority.rank <= self._options.ping_from.rank
        roles = self._options.role_ids if urgent and telling.pings else ()
        escalated = telling.notice.kind is NoticeKind.ESCALATED
        if telling.pings and (escalated or telling.incident.priority is Priority.P1):
            roles = tuple(dict.fromkeys((*roles, *self._options.on_call_ids)))
        thread = self._elsewhere(telling, 0)
        return incident_alarm(telling.incident, roles, escalated=escalated, late=telling.late, thread=thread)

    def _shows(self, telling: Telling, message: int) -> Payload:
        """The incident as a message of that id shows it, 0 for a new one."""
        thread = self._elsewhere(telling, message)
        return incident_message(telling.incident, late=telling.late, thread=thread)

    def _elsewhere(self, telling: Telling, message: int) -> int:
        """The incident's thread, if it is not below this message itself (then it has the same id); else 0."""
        _, recorded = read(telling.receipt)
        thread = self._threads.stand(telling.incident.id, recorded).thread
        return thread if thread != message else 0

    # ------------------------------------------------------------ what may stand there already

    async def _unrecorded(self, telling: Telling, old: Place | None) -> Place | None:
        """A message of the incident that is newer than `old` and that no receipt tells of."""
        number, row = telling.incident.id, telling.notice
        tried = self._tries.get(number)
        if tried is not None and tried.place is not None:
            if tried.place != old:
                if tried.silent:
                    self._hush(tried.place)
                return tried.place
            del self._tries[number]
            return None
        posting = old is None or row.kind in _LOUD
        if tried is not None or (posting and self._is_inherited(telling)):
            return await self._search(telling, old)
        return None

    async def _search(self, telling: Telling, old: Place | None) -> Place | None:
        """It is younger than the row that wanted it, or than the incident where that row may be gone."""
        incident, channel = telling.incident, self._options.channel_id
        tried, loud = self._tries.get(incident.id), telling.notice.kind in _LOUD
        wall = telling.notice.created.wall if loud or old else incident.opened.wall
        sought, newer = marker(incident), old[1] if old and old[0] == channel else 0
        standing = await self._history.since(min(wall, tried.wall) if tried else wall)
        found = [message for message in standing if message.footer == sought and message.id > newer]
        if not found:
            return None
        if not found[-1].content:  # no alarm: when it was posted it was over already
            self._hush((channel, found[-1].id))
        return channel, found[-1].id

    def _hush(self, place: Place) -> None:
        """No reply to this message: it told of an end from the beginning."""
        if len(self._silent) >= _REMEMBERED:
            self._silent.clear()
        self._silent.add(place)

    def _is_inherited(self, telling: Telling) -> bool:
        """Whether another process may have delivered this, and died before it could say so."""
        first = telling.notice.created.mono
        if telling.notice.kind not in _LOUD:  # a louder row may have been before it
            first = min(first, telling.incident.opened.mono)
        return first < self._started

    # ------------------------------------------------------------ posts, edits, replies

    async def _post(self, telling: Telling, payload: Payload) -> Place:
        number, channel = telling.incident.id, self._options.channel_id
        repeated = number in self._tries or (self._is_inherited(telling) and not self._history.readable)
        tried = await self._send(self._tries, channel, replace(payload, nonce=nonce(telling)), telling)
        if repeated:  # the nonce may have found the message of the first try, which shows what was then
            await self._transport.edit(*tried, replace(payload, content=None, roles=()))
        self._remember(tried[1], payload)
        return tried

    async def _send(self, tries: dict[int, Try], channel: int, payload: Payload, telling: Telling) -> Place:
        """One post, with the nonce of the first try. Until it is answered or refused it may stand there."""
        number = telling.incident.id
        first = number not in tries
        tried = tries.setdefault(number, Try(payload.nonce, self._clock.now().wall, payload.silent))
        _bounded(tries)
        try:
            message = await self._transport.send(channel, replace(payload, nonce=tried.nonce))
        except DeliveryError as error:
            if not error.permanent:
                self._history.doubt()
            elif first:
                del tries[number]
            raise
        except BaseException:
            self._history.doubt()
            raise
        tried.place = channel, message
        return tried.place

    async def _replaced(self, telling: Telling, old: Place | None) -> Place:
        """A silent message: of what is over already, or in the place of one that somebody deleted."""
        if old is not None and self._is_inherited(telling):
            found = await self._search(telling, old)
            if found is not None and await self._edit(found, telling, surely=True):
                return found
        return await self._post(telling, replace(self._shows(telling, 0), silent=True))

    async def _edit(self, place: Place, telling: Telling, *, surely: bool = False) -> bool:
        """Shows the incident as it is, if that is something new or it has to be done `surely`; False when
        the message is gone."""
        payload = self._shows(telling, place[1])
        if not surely and self._shown.get(place[1]) == _look(payload):
            return True
        try:
            await self._transport.edit(*place, payload)
        except DeliveryError as error:
            if not error.forgotten:
                raise
            tried = self._tries.get(telling.incident.id)
            if tried is not None and tried.place == place:
                del self._tries[telling.incident.id]
            return False
        self._remember(place[1], payload)
        return True

    async def _answer(self, place: Place, telling: Telling) -> None:
        if await self._is_answered(place, telling):
            return
        reply = resolved_reply(telling.incident, reply_to=place[1])
        reply = replace(reply, nonce=nonce(telling, reply=True))
        try:
            await self._send(self._replies, place[0], reply, telling)
        except DeliveryError as error:
            if not error.forgotten:
                raise
            await self._send(self._replies, place[0], replace(reply, reply_to=None), telling)
        self._shown.pop(place[1], None)

    async def _is_answered(self, place: Place, telling: Telling) -> bool:
        """Whether the channel was told already that this is over."""
        tried = self._replies.get(telling.incident.id)
        if tried is not None and tried.place is not None:
            if tried.nonce == nonce(telling, reply=True):
                return True
            del self._replies[telling.incident.id]  # of an end before this one
            tried = None
        if place[0] != self._options.channel_id or not (
            tried is not None or telling.notice.created.mono < self._started
        ):
            return False
        wall = telling.notice.created.wall
        standing = await self._history.since(min(wall, tried.wall) if tried else wall)
        return any(m.reply_to == place[1] and m.content.startswith(OVER) for m in standing)

    def _remember(self, message: int, payload: Payload) -> None:
        self._shown.pop(message, None)
        self._shown[message] = _look(payload)
        _bounded(self._shown)


def nonce(telling: Telling, *, reply: bool = False) -> str:
    """One for each row of the outbox, so that a repeated delivery is recognised; the row's time tells it from
    that of a state directory that was made anew. At most 25 characters up to a row of 13 digits."""
    row = telling.notice
    return f"opsbot{'+' if reply else '-'}{row.id}-{int(row.created.wall) & 0xFFFF:x}"


def _bounded(kept: dict[int, Any]) -> None:
    """Forgets the oldest."""
    if len(kept) > _REMEMBERED:
        del kept[next(iter(kept))]


def _look(payload: Payload) -> str:
    """Fingerprint without the content, which edits leave as it is."""
    return fingerprint(replace(payload, content=None))
