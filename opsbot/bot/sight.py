"""What opsbot's own connection to Discord tells of opsbot's line, and of Discord."""

from __future__ import annotations

from discord.ext import commands
from discord.http import Route

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.reach import Answer, Discord, Via
from opsbot.probes._web import NotReached, get

FRESH = 90.0
"""Seconds for which something heard over the gateway shows that it works: its heartbeat, some 41 s, twice."""

GONE = 20.0
"""Seconds for which a connection may be gone, as when Discord moves a session, before that means anything."""


class GatewaySight:
    """When opsbot's own gateway was last heard, over all logins; also its probe.

    Heard is any message that comes in, so also each answer to a heartbeat.
    """

    via = Via.GATEWAY
    name = "opsbot's own gateway connection"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: Moment | None = None
        self._lost: Moment | None = clock.now()
        self._refused = False

    def watch(self, bot: commands.Bot) -> None:
        """Listens to a bot, which must have `enable_debug_events`."""
        bot.add_listener(self._hear, "on_socket_raw_receive")
        bot.add_listener(self._lose, "on_disconnect")

    def gone(self) -> None:
        """A login has ended."""
        self._lost = self._lost or self._clock.now()

    def refuse(self) -> None:
        """Discord has refused the login for good: from then on it says nothing."""
        self._refused = True

    async def ask(self) -> Answer:
        """What is known of it now."""
        now = self._clock.now()
        if self._refused:
            return Answer(self.via, self.name, None, "its login was refused")
        if self._lost is not None:
            if now.since(self._lost) < GONE:
                text = "opsbot's own gateway connection is not made yet, or was lost just now"
                return Answer(self.via, self.name, None, text, Discord.UNKNOWN)
            text = "opsbot's own gateway connection is gone too"
            return Answer(self.via, self.name, False, text, Discord.DOWN)
        if self._heard is None or now.since(self._heard) > FRESH:
            return Answer(self.via, self.name, None, "nothing heard of late")
        text = "opsbot's own gateway connection works"
        return Answer(self.via, self.name, True, text, Discord.UP, at=self._heard)

    async def _hear(self, _message: str) -> None:
        self._heard, self._lost = self._clock.now(), None

    async def _lose(self) -> None:
        self.gone()


class RestProbe:
    """Asks Discord's API for the address of its gateway, which needs no token and no login
    (https://discord.com/developers/docs/events/gateway#get-gateway)."""

    via = Via.REST
    name = "Discord's API"

    async def ask(self) -> Answer:
        """Asks."""
        try:
            page = await get(f"{Route.BASE}/gateway")
        except NotReached as no:
            return Answer(self.via, self.name, False, str(no))
        if page.status in range(200, 300):
            return Answer(self.via, self.name, True, "its API answers", Discord.UP)
        text = f"its API answers HTTP {page.status}"
        return Answer(self.via, self.name, True, text, Discord.DOWN if page.status >= 500 else None)
