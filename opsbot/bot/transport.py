"""`DiscordTransport` over REST: needs a login, but neither the gateway nor any cache."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord.http import Route

from opsbot.bot.failures import delivery_error
from opsbot.draw.payload import File, Payload
from opsbot.draw.wire import edit_json, message_json
from opsbot.errors import DeliveryError
from opsbot.notifiers._transport import PAGE, Page, Standing, Thread

if TYPE_CHECKING:
    from cogs._ui.host import Host

TRY_SECONDS = 15.0
"""How long Discord may take for one answer."""

UPLOAD_SECONDS = 24.0
"""Likewise when files go with a message: 10 MiB over a line of 4 Mbit/s."""

ARCHIVED_AFTER = 1440
"""Minutes after which a thread without a new post is put away (resources/channel#thread-metadata-object)."""

THREAD_EXISTS = 160004
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""

_TOLD = (0, 19)  # plain and reply: resources/message#message-object-message-types; the rest Discord writes


class RestTransport:
    """Sends, edits and reads messages by id, and makes threads. `open` from the login to the goodbye."""

    def __init__(self, bot: Host, ping_roles: frozenset[int]) -> None:
        self.open = False
        self._bot = bot
        self.ping_roles = ping_roles

    async def send(self, channel_id: int, payload: Payload) -> int:
        """See `DiscordTransport.send`. Roles that are not configured do not ping, whatever a payload says."""
        known = tuple(role for role in payload.roles if role in self.ping_roles)
        body = message_json(replace(payload, roles=known))
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
        if payload.files:
            return int((await self._upload(route, channel_id, body, payload.files))["id"])
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

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> Thread:
        """See `DiscordTransport.open_thread`. A message has one thread at most, and that has its id
        (https://discord.com/developers/docs/resources/channel#start-thread-from-message)."""
        route = Route(
            "POST",
            "/channels/{channel_id}/messages/{message_id}/threads",
            channel_id=channel_id,
            message_id=message_id,
        )
        body = {"name": name, "auto_archive_duration": ARCHIVED_AFTER}
        try:
            made = await self._request(route, channel_id, json=body)
        except DeliveryError as error:
            if isinstance(error.__cause__, discord.HTTPException) and error.__cause__.code == THREAD_EXISTS:
                return Thread(message_id, new=False)
            raise
        return Thread(int(made["id"]), new=True)

    async def _upload(
        self, route: Route, channel_id: int, body: dict[str, Any], files: tuple[File, ...]
    ) -> Any:
        """As https://discord.com/developers/docs/reference#uploading-files says."""
        listed = [{"id": number, "filename": file.name} for number, file in enumerate(files)]
        given = [discord.File(BytesIO(file.content), file.name) for file in files]
        form: list[dict[str, Any]]
        form = [{"name": "payload_json", "value": json.dumps({**body, "attachments": listed})}]
        form += [
            {
                "name": f"files[{number}]",
                "value": file.fp,
                "filename": file.filename,
                "content_type": "application/octet-stream",
            }
            for number, file in enumerate(given)
        ]
        return await self._request(route, channel_id, UPLOAD_SECONDS, form=form, files=given)

    async def _request(
        self, route: Route, channel_id: int, seconds: float | None = None, **options: Any
    ) -> Any:
        """Goes on when the caller gives up: cancelled while it waits for a global rate limit, discord.py
        would never release its lock, and nothing could be sent any more."""
        if not self.open:
            raise DeliveryError("opsbot is not logged in to Discord", permanent=False, place=True)
        timeout = aiohttp.ClientTimeout(total=seconds or TRY_SECONDS)
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
    """Told by the bot: answers to somebody's command or button are no alerts, nor is it what Discord writes
    in its name when it makes a thread."""
    told = message["author"]["id"] == me and not message.get("interaction_metadata")
    return told and message.get("type", 0) in _TOLD


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
