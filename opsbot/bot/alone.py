"""A transport for a command without a running opsbot: logs in by REST when it is first needed, no gateway."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError
from opsbot.notifiers._transport import Page, Thread

if TYPE_CHECKING:
    from cogs._ui.host import Host
    from opsbot.bot.transport import RestTransport


class LoneLine:
    """Implements `DiscordTransport` for one command. `token`: None when there is none, then each delivery
    says so; `ping_roles`: the roles that may be pinged."""

    def __init__(self, token: str | None, ping_roles: frozenset[int]) -> None:
        self._token = token
        self._ping_roles = ping_roles
        self._host: Host | None = None
        self._transport: RestTransport | None = None
        self._turn = asyncio.Lock()

    async def send(self, channel_id: int, payload: Payload) -> int:
        """See `DiscordTransport.send`."""
        return await (await self._logged_in()).send(channel_id, payload)

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """See `DiscordTransport.edit`."""
        await (await self._logged_in()).edit(channel_id, message_id, payload)

    async def read(self, channel_id: int, after: int) -> Page:
        """See `DiscordTransport.read`."""
        return await (await self._logged_in()).read(channel_id, after)

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> Thread:
        """See `DiscordTransport.open_thread`."""
        return await (await self._logged_in()).open_thread(channel_id, message_id, name)

    async def aclose(self) -> None:
        """Lets go of the connection, if there is one."""
        if self._host is not None:
            await self._host.end_jobs()
            await self._host.close()

    async def _logged_in(self) -> RestTransport:
        async with self._turn:
            if self._transport is None:
                self._transport = await self._login()
            return self._transport

    async def _login(self) -> RestTransport:
        if self._token is None:
            problem = "there is no bot token: put it into the environment as OPSBOT_DISCORD_TOKEN"
            raise DeliveryError(problem, permanent=True)
        import aiohttp  # here, not above: most commands tell nobody, and discord.py is a third of their time
        import discord

        from cogs._ui.host import Host
        from opsbot.bot.line import REFUSED_LOGIN
        from opsbot.bot.transport import RestTransport

        if self._host is None:
            self._host = Host(command_prefix=(), help_command=None, intents=discord.Intents.none())
        try:
            await self._host.login(self._token)
        except discord.LoginFailure as error:
            raise DeliveryError(REFUSED_LOGIN, permanent=True) from error
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DeliveryError(f"no login to Discord: {error!r}", permanent=False) from error
        transport = RestTransport(self._host, self._ping_roles)
        transport.open = True
        return transport
