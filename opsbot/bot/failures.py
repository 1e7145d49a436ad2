"""What Discord's errors mean for a delivery: whether to retry, and what a person can do about it.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from http import HTTPStatus

import discord

from opsbot.errors import DeliveryError
from opsbot.text import one_line

UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MESSAGE = 10003, 10004, 10008
TOO_MANY_EDITS = 30046  # of a message older than an hour
NETWORK_BLOCKED = 40333  # Cloudflare's, not Discord's, word
MISSING_ACCESS, MISSING_PERMISSIONS = 50001, 50013
NOT_A_TEXT_CHANNEL, WRONG_KIND_OF_CHANNEL = 50008, 50024
THREAD_ARCHIVED = 50083
BLOCKED_WORDS = (200000, 200001, 240000)  # by the guild's AutoMod, by Discord's filter of harmful links

UNAUTHORIZED_PAUSE = 300.0
"""Seconds between two tries with a token that Discord refuses: 10,000 such answers within 10 minutes ban
the address (https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans)."""

_FORGOTTEN = {
    UNKNOWN_MESSAGE: "the message is gone (10008)",
    TOO_MANY_EDITS: "the message is too old to be edited once more (30046)",
    THREAD_ARCHIVED: "the thread of the message is archived (50083)",
}
_OF_THE_MESSAGE = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_SET_CHANNEL = "set `discord.ops_channel` to one that exists"
_LASTING = {
    UNKNOWN_CHANNEL: f"there is no channel {{}} (any more): {_SET_CHANNEL}",
    UNKNOWN_GUILD: f"the guild of channel {{}} is gone: {_SET_CHANNEL}",
    NOT_A_TEXT_CHANNEL: "channel {} takes no messages: set `discord.ops_channel` to a text channel",
    WRONG_KIND_OF_CHANNEL: "channel {} is of a wrong kind: set `discord.ops_channel` to a text channel",
    THREAD_ARCHIVED: "the thread {} is archived and locked: open it again, or set `discord.ops_channel`",
}
_WHERE = "channel settings → Permissions, for the bot's own role"
_TOKEN = "Discord refuses the token in OPSBOT_DISCORD_TOKEN: it was revoked or replaced"  # noqa: S105
_LIMITED = "Discord's rate limit holds the message back"
_OUT = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)  # of any message
_SHOWN = 300  # characters of Discord's own words


def delivery_error(error: BaseException, channel_id: int, *, editing: bool = False) -> DeliveryError:
    """The error, as the outbox understands it. `editing`: of an edit, which another message may replace."""
    if isinstance(error, discord.RateLimited):
        return DeliveryError(_LIMITED, permanent=False, place=True, retry_after=error.retry_after)
    if isinstance(error, discord.HTTPException):
        return _answered(error, channel_id, editing)
    if isinstance(error, TimeoutError):
        return DeliveryError("Discord did not answer in time", permanent=False)
    return DeliveryError(f"Discord was not reached: {_words(error)}", permanent=False, place=True)


def _answered(error: discord.HTTPException, channel_id: int, editing: bool) -> DeliveryError:
    if error.code in _FORGOTTEN and (editing or error.code != THREAD_ARCHIVED):
        return DeliveryError(_FORGOTTEN[error.code], permanent=True, forgotten=True)
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _seconds(error.response.headers.get("Retry-After"))
        return DeliveryError(_LIMITED, permanent=False, place=True, retry_after=wait)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == HTTPStatus.REQUEST_TIMEOUT:
        text = f"Discord has a problem of its own (HTTP {error.status})"
        return DeliveryError(text, permanent=False, place=error.status in _OUT)
    if error.status == HTTPStatus.FORBIDDEN and error.code in (0, NETWORK_BLOCKED):
        text = "Discord's network turned the request away (HTTP 403)"
        return DeliveryError(text, permanent=False, place=True)
    if error.status == HTTPStatus.UNAUTHORIZED:  # what waits is told when a login works again
        return DeliveryError(_TOKEN, permanent=True, place=True, retry_after=UNAUTHORIZED_PAUSE)
    return DeliveryError(_lasting(error, channel_id), permanent=True, place=not _of_the_message(error))


def _of_the_message(error: discord.HTTPException) -> bool:
    """Whether another message could be taken."""
    return error.code in BLOCKED_WORDS or (error.status in _OF_THE_MESSAGE and error.code not in _LASTING)


def _lasting(error: discord.HTTPException, channel_id: int) -> str:
    if error.code in _LASTING:
        return _LASTING[error.code].format(channel_id)
    if error.code == MISSING_ACCESS:
        return f"the bot cannot see channel {channel_id}: give it “View Channel” there ({_WHERE})"
    if error.code == MISSING_PERMISSIONS:
        return (
            f"the bot may not write in channel {channel_id}: give it “Send Messages”, “Embed Links” and "
            f"“Read Message History” there ({_WHERE})"
        )
    return f"Discord refused the message: {_words(error)}"


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header is not None else None
    except ValueError:
        return None


def _words(error: BaseException) -> str:
    return one_line(str(error), _SHOWN) or type(error).__name__
