"""`DiscordTransport` over REST: needs a login, but neither the gateway nor any cache."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.http import Route

from opsbot.bot.failures import delivery_error
from opsbot.draw.payload import Payload
from opsbot.draw.wire import edit_json, message_json
from opsbot.errors import DeliveryError

if TYPE_CHECKING:
    from cogs._ui.host import Host

TRY_SECONDS = 15.0
"""How long Discord may take for one answer."""


class RestTransport:
    """Sends and edits messages by id. `open` from the login to the goodbye."""

    def __init__(self, bot: Host, ping_roles: frozenset[int]) -> None:
        self.open = False
        self._bot = bot
        self._ping_roles = ping_roles

    async def send(self, channel_id: int, payload: Payload) -> int:
        """See `DiscordTransport.send`. Roles that are not configured do not ping, whatever a payload says."""
        known = tuple(role for role in payload.roles if role in self._ping_roles)
        body = message_json(replace(payload, roles=known))
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
        return int((await self._request(route, body, channel_id))["id"])

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """See `DiscordTransport.edit`."""
        route = Route(
            "PATCH",
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=channel_id,
            message_id=message_id,
        )
        await self._request(route, edit_json(replace(payload, roles=())), channel_id)

    async def _request(self, route: Route, body: dict[str, Any], channel_id: int) -> Any:
        """Goes on when the caller gives up: cancelled while it waits for a global rate limit, discord.py
        would never release its lock, and nothing could be sent any more."""
        if not self.open:
            raise DeliveryError("opsbot is not logged in to Discord", permanent=False)
        timeout = aiohttp.ClientTimeout(total=TRY_SECONDS)
        request = asyncio.ensure_future(self._bot.http.request(route, json=body, timeout=timeout))
        self._bot.own(request)
        request.add_done_callback(_noticed)
        try:
            return await asyncio.shield(request)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError, RuntimeError) as error:
            raise delivery_error(error, channel_id) from error
        except asyncio.CancelledError:
            if request.cancelled() and not self.open:  # the bot was closed, the caller was not
                raise DeliveryError("the connection to Discord was closed", permanent=False) from None
            raise


def _noticed(request: asyncio.Future[Any]) -> None:
    """The error of a request that nobody waits for any more is no news."""
    if not request.cancelled():
        request.exception()
