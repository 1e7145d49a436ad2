"""The line to Discord: a fresh bot for each login, and one transport that outlives them all."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
import discord
import structlog

from opsbot.bot.client import OpsBot
from opsbot.bot.sight import GatewaySight
from opsbot.clock import Clock
from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError, DiscordRefused
from opsbot.notifiers._transport import Page, Thread
from opsbot.text import one_line

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two logins: doubling from the first to the longest. Discord allows 1,000 a day;
discord.py resumes dropped connections by itself without one."""

REASON = 200  # characters of an error that are logged

WRONG_TOKEN, BAD_INTENTS = 4004, (4013, 4014)
"""Close codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway"""

REFUSED_LOGIN = (
    "Discord refused the token in OPSBOT_DISCORD_TOKEN: copy the bot's current one from "
    "https://discord.com/developers/applications (Bot → Reset Token)."
)
REFUSED_INTENTS = (
    "Discord refused the bot's intents, of which opsbot asks only for “guilds”: is OPSBOT_DISCORD_TOKEN "
    "the token of opsbot's own bot?"
)

log = structlog.get_logger("opsbot.discord")


class DiscordLine:
    """Implements `DiscordTransport`, also between logins: then a send fails for the moment; after a refused
    one it fails for good."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bot: OpsBot | None = None
        self._refusal = ""
        self.sight = GatewaySight(clock)

    @property
    def bot(self) -> OpsBot | None:
        """The bot of the present login, None between two."""
        return self._bot

    async def send(self, channel_id: int, payload: Payload) -> int:
        """See `DiscordTransport.send`."""
        return await self._present().transport.send(channel_id, payload)

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """See `DiscordTransport.edit`."""
        await self._present().transport.edit(channel_id, message_id, payload)

    async def read(self, channel_id: int, after: int) -> Page:
        """See `DiscordTransport.read`."""
        return await self._present().transport.read(channel_id, after)

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> Thread:
        """See `DiscordTransport.open_thread`."""
        return await self._present().transport.open_thread(channel_id, message_id, name)

    async def run(self, make: Callable[[], OpsBot], token: str) -> None:
        """Stays logged in until cancelled, with a new bot from `make` whenever one has ended.

        Raises:
            DiscordRefused: the token or the intents; the rest of opsbot goes on without Discord.
        """
        pause = FIRST_PAUSE
        while True:
            began = self._clock.now()
            try:
                reason = await self._stay(make(), token)
            except DiscordRefused as refusal:
                self._refusal = str(refusal)
                self.sight.refuse()
                raise
            if self._clock.now().since(began) > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            log.warning("discord is lost", reason=reason, next_login_seconds=pause)
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _stay(self, bot: OpsBot, token: str) -> str:
        """One login, as long as it lasts; returns why it ended."""
        try:
            async with bot:
                self._bot = bot
                self.sight.watch(bot)
                await bot.login(token)
                await bot.connect()
        except discord.LoginFailure as error:
            raise DiscordRefused(REFUSED_LOGIN) from error
        except discord.PrivilegedIntentsRequired as error:
            raise DiscordRefused(REFUSED_INTENTS) from error
        except discord.ConnectionClosed as error:
            return _closed(error)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            return one_line(str(error), REASON) or type(error).__name__
        finally:
            self._bot = None
            self.sight.gone()
        return "the connection ended"

    def _present(self) -> OpsBot:
        if self._refusal:
            raise DeliveryError(self._refusal, permanent=True, place=True)
        if self._bot is None:
            raise DeliveryError("opsbot is not logged in to Discord", permanent=False, place=True)
        return self._bot


def _closed(error: discord.ConnectionClosed) -> str:
    if error.code == WRONG_TOKEN:
        raise DiscordRefused(REFUSED_LOGIN) from error
    if error.code in BAD_INTENTS:
        raise DiscordRefused(REFUSED_INTENTS) from error
    return f"Discord closed the connection with {error.code}"
