"""Files of an incident whose message has no thread: silent replies to that message, each file once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import structlog

from opsbot.draw.thread import Line, cut, file_reply, filed_line
from opsbot.errors import DeliveryError
from opsbot.notifiers._history import History
from opsbot.notifiers._place import Stand
from opsbot.notifiers._posting import Poster, Work

log = structlog.get_logger("opsbot.notifiers.discord")


def unfiled(work: Work, stand: Stand) -> Iterator[Line]:
    """The lines of which neither thread nor channel has the file."""
    for line in work.numbered(work.incident.timeline):
        if line.entry.file and line.number > max(stand.lines, stand.filed):
            yield line


class Filing:
    """Posts files in one channel. `started`: when this process began, in seconds of the clock."""

    def __init__(self, poster: Poster, history: History, started: float) -> None:
        self._poster = poster
        self._history = history
        self._started = started
        self._doubts: set[int] = set()  # incidents of which a reply may stand there without an answer

    async def tell(self, work: Work, stand: Stand) -> Stand:
        """Posts the next file that is missing; how much stands then.

        Raises:
            DeliveryError, Later: it is to be tried again.
        """
        line = next(unfiled(work, stand), None)
        if line is None:
            return stand
        if not await self._is_there(work, line):
            try:
                await self._post(work, line)
            except DeliveryError as error:
                if not error.permanent:
                    raise
                log.warning("a file is not told", incident=work.incident.id, reason=str(error))
        self._doubts.discard(work.incident.id)
        return replace(stand, filed=line.number)

    async def _is_there(self, work: Work, line: Line) -> bool:
        if work.incident.id not in self._doubts and line.entry.at.mono >= self._started:
            return False
        standing = await self._history.since(line.entry.at.wall)
        return any(filed_line(message.content, work.incident.id) == line.number for message in standing)

    async def _post(self, work: Work, line: Line) -> None:
        channel, message = work.place
        (lines,) = cut([line], line.number - 1)
        self._doubts.add(work.incident.id)
        self._history.doubt()
        draw = partial(file_reply, work.incident, reply_to=message)
        await self._poster.post(work, channel, lines, draw)
