"""The thread of an incident's message: its whole timeline, each line once, without disturbing anybody.

What goes wrong here is never the message's trouble. What may pass is owed, and tried again with a delivery
of its own; where Discord allows no thread, the message alone serves for an hour, and files go below it.

Each post says which lines it holds. Where a post may stand there already, because no answer came to it or
because another process may have made it, the thread is read before anything is posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf

import structlog

from opsbot.domain.incident import Entry, Incident
from opsbot.draw.thread import Line, Lines, cut, last_line, thread_name, thread_post
from opsbot.errors import DeliveryError, OpsbotError
from opsbot.notifiers._filing import Filing, unfiled
from opsbot.notifiers._history import PAGES, History
from opsbot.notifiers._place import Stand
from opsbot.notifiers._posting import Later, Poster, Work
from opsbot.notifiers._transport import PAGE, DiscordTransport
from opsbot.notifiers.base import NotifierContext

CLOSED = 3600.0
"""Seconds for which no thread is tried for an incident for which Discord refused it."""

MOST_POSTS = 5
"""Posts of one delivery: of more in 5 s Discord would let one wait, and with it whatever comes after it. The
rest of a long timeline follows with the next one."""

PAUSE_FIRST, PAUSE_MOST = 2.0, 60.0
"""Seconds between two tries after trouble that may pass: doubling."""

REMEDY = "give the bot “Create Public Threads”, “Send Messages in Threads” and “Attach Files” there"

_REMEMBERED = 1000  # incidents; of one that is forgotten the thread is read again

log = structlog.get_logger("opsbot.notifiers.discord")


@dataclass(slots=True)
class _Memory:
    """Of one incident. `stand` may be newer than any receipt. `doubt`: a post without an answer may stand in
    the thread; `tried`: its last line; `read_to`: the newest message there that was looked at. `lost`: its
    thread may be gone. `closed`: no thread is tried until then. `failures` in a row, `since` when."""

    stand: Stand = field(default_factory=Stand)
    looked: bool = False
    doubt: bool = False
    tried: int = 0
    read_to: int = 0
    lost: bool = False
    closed: float = -inf
    failures: int = 0
    since: float = 0.0
    pause: float = -inf


@dataclass(frozen=True, slots=True)
class Told:
    """`extra`: how many posts it took in the message's channel; `owes`: something is missing that may be
    delivered later."""

    stand: Stand
    extra: int = 0
    owes: bool = False


class Threads:
    """The threads of one channel, whose `history` is given. `enabled`: False leaves the timeline to the
    messages."""

    def __init__(
        self, transport: DiscordTransport, context: NotifierContext, history: History, *, enabled: bool
    ) -> None:
        self._transport = transport
        self._clock = context.clock
        self._timeline = context.timeline
        self._enabled = enabled
        self._started = context.clock.now().mono
        self._poster = Poster(transport, context.clock, context.attachments)
        self._filing = Filing(self._poster, history, self._started)
        self._memories: dict[int, _Memory] = {}
        self._said: set[str] = set()

    def stand(self, incident: int, recorded: Stand) -> Stand:
        """What is known of an incident, of which a receipt may say less."""
        memory = self._memories.get(incident)
        known = memory.stand if memory is not None else recorded
        lines, filed = max(known.lines, recorded.lines), max(known.filed, recorded.filed)
        thread = known.thread or recorded.thread
        return Stand(thread, lines, filed, 0 if thread else recorded.parent)

    async def tell(self, work: Work, recorded: Stand) -> Told:
        """Posts what is new. Never raises a `DeliveryError`."""
        number = work.incident.id
        if work.incident.drill:
            return Told(recorded)
        memory = self._memories.setdefault(number, _Memory())
        memory.stand = self.stand(number, recorded)
        if len(self._memories) > _REMEMBERED:
            del self._memories[next(iter(self._memories))]
        owes = await self._try(work, memory)
        oldest = work.parents[0]
        if not memory.stand.thread and oldest != work.place:
            memory.stand = replace(memory.stand, parent=oldest[1])
        return Told(memory.stand, work.extra, owes)

    async def _try(self, work: Work, memory: _Memory) -> bool:
        """Returns whether something is owed."""
        now = self._clock.now().mono
        threaded = self._enabled and now >= memory.closed
        if work.busy() or now < memory.pause:
            told = memory.stand.thread and memory.stand.lines >= work.total
            return self._owes_files(work, memory) or (threaded and not told)
        try:
            if threaded:
                await self._in_thread(work, memory)
            else:
                memory.stand = await self._filing.tell(work, memory.stand)
        except Later:
            return True
        except DeliveryError as error:
            return self._failed(work, memory, error)
        memory.failures = 0
        return self._owes_files(work, memory)

    def _failed(self, work: Work, memory: _Memory, error: DeliveryError) -> bool:
        now = self._clock.now().mono
        if not error.permanent:
            memory.since = memory.since if memory.failures else now
            memory.pause = now + min(PAUSE_MOST, PAUSE_FIRST * 2.0 ** min(memory.failures, 10))
            memory.failures += 1
            if now - memory.since <= CLOSED:
                return True
        memory.closed = now + CLOSED
        memory.failures, memory.pause = 0, -inf
        memory.lost = memory.stand.thread > 0
        self._say(work.incident, str(error))
        return self._owes_files(work, memory)

    def _owes_files(self, work: Work, memory: _Memory) -> bool:
        return any(True for _ in unfiled(work, memory.stand))

    def _say(self, incident: Incident, why: str) -> None:
        """Once for each reason."""
        if why not in self._said and len(self._said) < _REMEMBERED:
            self._said.add(why)
            text = "an incident's timeline stays in its message"
            log.warning(text, incident=incident.id, reason=why, remedy=REMEDY)

    # ------------------------------------------------------------ in the thread

    async def _in_thread(self, work: Work, memory: _Memory) -> None:
        if memory.stand.thread and memory.stand.lines >= work.total:
            return
        if not memory.stand.thread or memory.lost:
            await self._open(work, memory)
        missing = await self._missing(work, memory.stand.lines)
        if memory.doubt or not (memory.looked or self._is_ours(missing, memory.stand.lines)):
            await self._look(work, memory)
            missing = [line for line in missing if line.number > memory.stand.lines]
        for number, lines in enumerate(cut(missing, memory.stand.lines, (memory.tried,))):
            if number == MOST_POSTS:
                raise Later
            await self._post(work, memory, lines)

    async def _open(self, work: Work, memory: _Memory) -> None:
        for parent in work.parents:
            self._poster.may_begin(work)
            try:
                made = await self._transport.open_thread(*parent, thread_name(work.incident))
            except DeliveryError as error:
                if error.forgotten and parent != work.parents[-1]:
                    continue
                raise
            memory.looked, memory.lost = made.new, False
            memory.stand = replace(memory.stand, thread=made.id, parent=0)
            return

    async def _look(self, work: Work, memory: _Memory) -> None:
        """Reads which lines stand in the thread."""
        found, thread = memory.stand.lines, memory.stand.thread
        for _ in range(PAGES):
            self._poster.may_begin(work)
            page = await self._transport.read(thread, memory.read_to or thread)
            found = max([found, *(last_line(message.content) for message in page.messages)])
            memory.read_to = page.last
            if page.count < PAGE:
                break
        memory.stand = replace(memory.stand, lines=found)
        memory.looked, memory.doubt = True, False

    def _is_ours(self, missing: Sequence[Line], stands: int) -> bool:
        """Whether all that is missing was noted in this process's time: no other can have posted it."""
        next_one = missing[0] if missing and missing[0].number == stands + 1 else None
        return next_one is not None and next_one.entry.at.mono >= self._started

    async def _missing(self, work: Work, stands: int) -> list[Line]:
        """The lines after the first `stands`, as many as can be had."""
        lines = work.numbered(work.incident.timeline)
        if work.total - len(lines) > stands and self._timeline is not None:
            try:
                whole = await self._timeline(work.incident.id)
            except OpsbotError as error:
                log.warning("earlier lines are left out", incident=work.incident.id, reason=str(error))
            else:
                lines = work.numbered(_known(whole, work)) if len(whole) >= work.total else lines
        return [line for line in lines if line.number > stands]

    async def _post(self, work: Work, memory: _Memory, lines: Lines) -> None:
        memory.tried = lines.last
        draw = partial(thread_post, work.incident)
        bare = lines.last <= memory.stand.filed
        answered = False
        try:
            await self._poster.post(work, memory.stand.thread, lines, draw, bare=bare)
            answered = True
        except DeliveryError as error:
            answered = error.permanent
            raise
        except Later:
            answered = True
            raise
        finally:
            memory.doubt = not answered
        memory.stand = replace(memory.stand, lines=lines.last)


def _known(whole: list[Entry], work: Work) -> list[Entry]:
    """The lines that are counted: the first, for newer ones are told with the next delivery; or the last, of
    an incident that began before its lines were counted."""
    first = whole[: work.total]
    return first if first[-1:] == list(work.incident.timeline[-1:]) else whole[-work.total :]
