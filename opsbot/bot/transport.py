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
from opsbot.notifiers._transport import PAGE, Page, Standing

if TYPE_CHECKING:
    from cogs._ui.host import Host

TRY_SECONDS = 15.0
"""How long Discord may take for one answer."""


class RestTransport:
    """Sends, edits and reads messages by id. `open` from the login to the goodbye."""

    def __init__(self, bot: Host, ping_roles: frozenset[int]) -> None:
        self.open = False
        self._bot = bot
        self.ping_roles = ping_roles

    async def send(self, channel_id: int, payload: Payload) -> int:
        """See `DiscordTransport.send`. Roles that are not configured do not ping, whatever a payload says."""
        known = tuple(role for role in payload.roles if role in self.ping_roles)
        body = message_json(replace(payload, roles=known))
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
        return int((await self._request(route, channel_id, json=body))["id"])

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        """See `DiscordTransport.edit`."""
        route = Route(
            "PATCH",
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=channel_id,
            message_id=message_id,
        )
        await self._request(route, channel_id, json=edit_json(replace(payload, roles=())))

    async def read(self, channel_id: int, after: int) -> Page:
        """See `DiscordTransport.read`."""
        route = Route("GET", "/channels/{channel_id}/messages", channel_id=channel_id)
        asked = {"after": str(after), "limit": str(PAGE)}
        try:
            found = await self._request(route, channel_id, params=asked)
        except DeliveryError as error:
            if isinstance(error.__cause__, discord.Forbidden):  # whether it may write, the post will say
                return Page((), after, 0)
            raise
        found = sorted(found, key=lambda message: int(message["id"]))
        me = str(self._bot.user.id) if self._bot.user else ""
        own = (_standing(message) for message in found if _is_ours(message, me))
        return Page(tuple(own), int(found[-1]["id"]) if found else after, len(found))

    async def _request(self, route: Route, channel_id: int, **options: Any) -> Any:
        """Goes on when the caller gives up: cancelled while it waits for a global rate limit, discord.py
        would never release its lock, and nothing could be sent any more."""
        if not self.open:
            raise DeliveryError("opsbot is not logged in to Discord", permanent=False, place=True)
        timeout = aiohttp.ClientTimeout(total=TRY_SECONDS)
        request = asyncio.ensure_future(self._bot.http.request(route, timeout=timeout, **options))
        self._bot.own(request)
        request.add_done_callback(_noticed)
        try:
            return await asyncio.shield(request)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError, RuntimeError) as error:
            raise delivery_error(error, channel_id, editing=route.method == "PATCH") from error
        except asyncio.CancelledError:
            if request.cancelled() and not self.open:  # the bot was closed, the caller was not
                raise DeliveryError(
                    "the connection to Discord was closed", permanent=False, place=True
                ) from None
            raise


def _is_ours(message: dict[str, Any], me: str) -> bool:
    """Told by the bot: answers to somebody's command or button are no alerts."""
    return message["author"]["id"] == me and not message.get("interaction_metadata")


def _standing(message: dict[str, Any]) -> Standing:
    embeds = message.get("embeds") or [{}]
    footer = (embeds[0].get("footer") or {}).get("text") or ""
    reply_to = (message.get("message_reference") or {}).get("message_id")
    return Standing(
        int(message["id"]), message.get("content") or "", footer, int(reply_to) if reply_to else None
    )


def _noticed(request: asyncio.Future[Any]) -> None:
    """The error of a request that nobody waits for any more is no news."""
    if not request.cancelled():
        request.exception()
