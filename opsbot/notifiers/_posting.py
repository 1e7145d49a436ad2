"""Posts beside an incident's message: lines of its timeline, each with its file if it can come along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.notice import nothing_waits
from opsbot.draw.payload import Payload
from opsbot.draw.thread import Line, Lines, without_file, without_text
from opsbot.errors import DeliveryError
from opsbot.notifiers._files import WHERE, NoFile, load
from opsbot.notifiers._place import Place
from opsbot.notifiers._transport import DiscordTransport

BUDGET, UPLOAD_BUDGET = 14.0, 5.0
"""Seconds after which a delivery begins no more request, or none with a file: it must end within 30."""


class Later(Exception):
    """This delivery has done enough."""


@dataclass(slots=True)
class Work:
    """What is to be told beside one delivery. `place`: the message that shows the incident now; `parents`:
    messages of which its thread may be made, the oldest first; `began`: when the delivery did, in seconds of
    the clock. `busy`: whether others wait now. `extra`: how many posts that took in the message's channel.
    A thread is a channel of its own, and limits are each channel's
    (https://discord.com/developers/docs/topics/rate-limits), so posts there cost the message's none."""

    incident: Incident
    parents: Sequence[Place]
    place: Place
    began: float
    busy: Callable[[], bool] = nothing_waits
    extra: int = 0

    @property
    def total(self) -> int:
        """How many lines the timeline ever had; one that is stored nowhere counts none."""
        return max(self.incident.lines, len(self.incident.timeline))

    def numbered(self, entries: Sequence[Entry]) -> list[Line]:
        """The newest lines of the timeline, with their numbers."""
        return [Line(number, entry) for number, entry in enumerate(entries, self.total - len(entries) + 1)]


class Poster:
    """Posts lines. `folder`: where their files are."""

    def __init__(self, transport: DiscordTransport, clock: Clock, folder: Path | None) -> None:
        self._transport = transport
        self._clock = clock
        self._folder = folder

    def may_begin(self, work: Work, budget: float = BUDGET) -> None:
        """Raises `Later` when another request might not end in time, or would keep an alarm waiting."""
        if self._clock.now().mono - work.began > budget or work.busy():
            raise Later

    async def post(
        self, work: Work, channel: int, lines: Lines, draw: Callable[[Lines], Payload], *, bare: bool = False
    ) -> None:
        """Posts `lines`: without their file where that is not taken, and without their text where Discord
        refuses it. `bare`: the file is not even tried, because it stands elsewhere.

        Raises:
            DeliveryError: not posted. Unless it is permanent, the post may stand there all the same.
            Later: not even tried.
        """
        tries = await self._tries(work, lines, draw, bare)
        for number, payload in enumerate(tries, 1):
            try:
                await self._send(work, channel, payload)
            except DeliveryError as error:
                refused = error.permanent and (bool(payload.files) or not error.place)
                if not refused or number == len(tries):
                    raise
            else:
                return

    async def _tries(
        self, work: Work, lines: Lines, draw: Callable[[Lines], Payload], bare: bool
    ) -> list[Payload]:
        """The payloads that are tried one after the other, as long as Discord refuses what they hold."""
        last = draw(without_text(lines))
        if not lines.file:
            return [draw(lines), last]
        if bare:
            return [draw(without_file(lines, "in the channel, below the incident's message")), last]
        self.may_begin(work, UPLOAD_BUDGET)
        try:
            file = await asyncio.to_thread(load, self._folder, lines.file)
        except NoFile as no:
            return [draw(without_file(lines, str(no))), last]
        refused = draw(without_file(lines, f"Discord takes no file here, or not this one; {WHERE}"))
        return [replace(draw(lines), files=(file,)), refused, last]

    async def _send(self, work: Work, channel: int, payload: Payload) -> None:
        self.may_begin(work)
        work.extra += channel == work.place[0]
        try:
            await self._transport.send(channel, payload)
        except DeliveryError as error:
            if not error.forgotten or payload.reply_to is None:
                raise
            await self._transport.send(channel, replace(payload, reply_to=None))
