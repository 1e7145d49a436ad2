"""What the bot itself has posted in a channel, read once for all who ask.

After an outage hundreds of notices want to know whether they were posted already: one reading serves them.
"""

from __future__ import annotations

import asyncio

import structlog

from opsbot.clock import Clock
from opsbot.notifiers._transport import PAGE, DiscordTransport, Standing, id_at

CLOCK_SKEW = 900.0
"""Seconds by which this machine's clock may be ahead of Discord's, from which messages have their ids."""

FRESH = 60.0
"""Seconds for which a reading holds; within the "few minutes" in which Discord recognises a nonce."""

FORGOTTEN = 600.0
"""Seconds after which it is read anew instead of on."""

PAGES = 50
"""Full ones that are read at most from the moment asked for, in all 5,000 messages of anybody."""

log = structlog.get_logger("opsbot.notifiers.discord")


class History:
    """The bot's own messages in one channel, from some moment on."""

    def __init__(self, transport: DiscordTransport, channel: int, clock: Clock) -> None:
        self.readable = False
        """Whether anything was ever found there; without the permission nothing is."""
        self._transport = transport
        self._channel = channel
        self._clock = clock
        self._own: dict[int, Standing] = {}
        self._since: float | None = None  # wall time from which on it was read
        self._last = 0  # id up to which it was read
        self._pages = 0
        self._read_at: float | None = None  # None: not to its end, or in doubt
        self._reading = asyncio.Lock()

    def doubt(self) -> None:
        """A message may have been posted although no answer came: what was read may lack it."""
        self._read_at = None

    async def since(self, wall: float) -> list[Standing]:
        """The bot's messages made after `wall` (seconds since 1970 UTC) and some before, oldest first. What
        was read stays read when it is cancelled or fails midway.

        Raises:
            DeliveryError: see `DiscordTransport`.
        """
        async with self._reading:
            self._begin_at(wall - CLOCK_SKEW)
            if self._read_at is None:
                await self._read_on()
        first = id_at(wall - CLOCK_SKEW)
        return [message for number, message in sorted(self._own.items()) if number >= first]

    def _begin_at(self, wall: float) -> None:
        """Decides what of the last reading still serves."""
        now = self._clock.now()
        if self._read_at is not None and now.mono - self._read_at > FRESH:
            stale = now.mono - self._read_at > FORGOTTEN
            self._read_at = None
            self._since = None if stale else self._since
        if self._since is not None and self._since <= wall:
            return
        if self._since is not None:  # further back each time, or each of a hundred askers would read anew
            wall = min(wall, now.wall - 2 * (now.wall - self._since))
        self._since, self._last, self._pages, self._read_at = wall, id_at(wall), 0, None
        self._own.clear()

    async def _read_on(self) -> None:
        while self._pages < PAGES:
            page = await self._transport.read(self._channel, self._last)
            self._own.update((message.id, message) for message in page.messages)
            self._last = page.last
            self.readable = self.readable or page.count > 0
            if page.count < PAGE:
                break
            self._pages += 1
        else:
            log.warning("too many messages to look through", channel=self._channel, pages=PAGES)
        self._read_at = self._clock.now().mono
