"""A recording in a message: how far it is while it runs, then its CSV and its statistics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import discord
import structlog

from cogs._ui.answer import change, say
from cogs._ui.host import Asked
from cogs._ui.progress import show_progress, surely
from opsbot.domain.performance import Performance
from opsbot.draw.payload import Payload
from opsbot.draw.performance import recorded_payload, recording_payload
from opsbot.errors import OpsbotError, Refused
from opsbot.runtime.recording import looks_of, record

SLOWER = 5
"""Edits of this message are so many times as far apart as those of a restart: it may last for hours."""

TOKEN_SECONDS = 14 * 60.0
"""So long an answer can be edited as one (Discord: 15 minutes); after that it is a message like another."""

AT_ONCE = 5
"""Recordings at the same time, of all targets together."""

LAST_WORD_SECONDS = 1.0
"""What the end of opsbot waits for a recording that it cuts off."""

STOPPED = "opsbot was stopped or lost its connection to Discord."

log = structlog.get_logger("opsbot.discord")

Running = dict[str, str]
"""Who records which target now."""


async def run_recording(
    asked: Asked, running: Running, target: str, duration: float, interval: float
) -> None:
    """Records and shows it; the asker was promised an answer that everybody sees.

    Raises:
        Refused: the target is being recorded already, or too many are.
        UsageError: the times are no good.
    """
    count = looks_of(duration, interval)
    if target in running:
        raise Refused(f"{target} is being recorded already, asked by {running[target]}.")
    if len(running) >= AT_ONCE:
        raise Refused(f"{AT_ONCE} recordings run already: wait for one of them.")
    running[target] = asked.user.display_name
    try:
        await _Recording(asked, target, count, duration, interval).run()
    finally:
        del running[target]


class _Recording:
    def __init__(self, asked: Asked, target: str, count: int, duration: float, interval: float) -> None:
        self._asked = asked
        self._target, self._count = target, count
        self._duration, self._interval = duration, interval
        self._began = asked.client.clock.now()
        self._looks: list[Performance] = []
        self._message: discord.PartialMessage | None = None
        self._why = ""

    async def run(self) -> None:
        host = self._asked.client
        every = host.edit_every * SLOWER
        await self._show(recording_payload(self._target, [], self._count, self._ends, self._interval))
        try:
            await show_progress(self._progress(), self._show, host.clock, min(every, self._interval))
        except asyncio.CancelledError:
            self._why = STOPPED
            with suppress(Exception):
                async with asyncio.timeout(LAST_WORD_SECONDS):
                    await self._show(self._end())
            raise
        await surely(self._end(), self._show, host.clock, host.edit_every)

    @property
    def _ends(self) -> float:
        return self._began.wall + self._duration

    def _end(self) -> Payload:
        return recorded_payload(self._target, self._looks, self._count, self._why)

    async def _progress(self) -> AsyncIterator[Payload]:
        host, target = self._asked.client, self._target
        looks = record(
            lambda: host.operations.performance(target), host.clock, self._duration, self._interval
        )
        try:
            async for look in looks:
                self._looks.append(look)
                yield recording_payload(target, self._looks, self._count, self._ends, self._interval)
        except OpsbotError as error:  # the target was removed from the configuration, or opsbot ends
            self._why = str(error)

    async def _show(self, payload: Payload) -> None:
        """While Discord takes it as an answer, else as a message of the bot's."""
        asked = self._asked
        if self._message is None:
            await say(asked, payload, private=False)
            answer = await asked.original_response()
            where = asked.client.get_partial_messageable(answer.channel.id)
            self._message = where.get_partial_message(answer.id)
        elif asked.client.clock.now().since(self._began) < TOKEN_SECONDS:
            await say(asked, payload, private=False)
        else:
            await change(self._message, payload)
