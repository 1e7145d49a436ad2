"""A channel's webhook: works while the gateway, the bot or its token does not.

No buttons (ordinary webhooks cannot carry them), pings nobody. At least once: webhooks know no nonce.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr, model_validator

from opsbot.clock import Clock
from opsbot.domain.incident import Incident
from opsbot.domain.notice import NoticeKind, Receipt, Telling
from opsbot.draw.incident import incident_alarm, incident_message, moved_message, resolved_reply
from opsbot.draw.payload import Payload
from opsbot.draw.wire import edit_json, message_json
from opsbot.errors import DeliveryError
from opsbot.notifiers._http import Answer, Http, HttpRefusal
from opsbot.notifiers._options import SecretUrl, Timeout, require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions

UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, THREAD_ARCHIVED = 10008, 30046, 50083
"""Discord's error codes (topics/opcodes-and-status-codes#json) of a message that no edit can reach."""

UNKNOWN_WEBHOOK = 10015
"""Somebody deleted it. Discord wants such a webhook never to be used again (topics/rate-limits, "Invalid
Request Limit")."""

_FORUM = 220001  # "Webhooks posted to forum channels must have a thread_name or thread_id"
_MAKE_NEW = "make a new webhook under Server Settings → Integrations and set `webhook_url`"


class Options(NotifierOptions):
    """`webhook_url`: the channel's webhook (Server Settings → Integrations); only its answers decide whether
    it exists, so a test may give any address. `rate_limit_minutes` is 15, as in the guide."""

    edits_silently: ClassVar[bool] = True

    webhook_url: SecretUrl = SecretStr("")
    rate_limit_minutes: float = 15
    timeout_seconds: Timeout = 10

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, webhook_url=self.webhook_url)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return WebhookNotifier(options, context.name, context.clock)


class WebhookNotifier:
    """A receipt's place is the message's id."""

    def __init__(self, options: Options, name: str, clock: Clock) -> None:
        self._address = options.webhook_url.get_secret_value()
        self._name = name
        self._http = Http(options.timeout_seconds, clock)

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`."""
        incident, message = telling.incident, telling.receipt.place if telling.receipt else ""
        kind = telling.notice.kind
        # without a message nobody was told yet: the opening was given up
        if incident.live and (not message or kind in (NoticeKind.OPENED, NoticeKind.ESCALATED)):
            escalated = kind is NoticeKind.ESCALATED
            alarm = incident_alarm(incident, escalated=escalated, late=telling.late)
            new = await self._post(alarm)
            if message.isdecimal() and message != new:
                with contextlib.suppress(DeliveryError):  # the new message tells; the old one is tidied
                    await self._edit(message, moved_message(incident))
            return self._receipt(incident, new)
        shown = incident_message(incident, late=telling.late)
        if not message.isdecimal() or not await self._edit(message, shown):
            return self._receipt(incident, await self._post(replace(shown, silent=True)))
        if not incident.live and kind is not NoticeKind.CHANGED:
            await self._post(resolved_reply(incident))
        return self._receipt(incident, message)

    async def close(self) -> None:
        """Closes the connection."""
        await self._http.close()

    async def _post(self, payload: Payload) -> str:
        answer = await self._send("POST", self._url(query="wait=true"), message_json(_plain(payload)))
        message = str(answer.data.get("id", ""))
        if not message.isdecimal():
            said = "the webhook's answer is not Discord's: is `webhook_url` a Discord webhook's?"
            raise DeliveryError(said, permanent=True, place=True)
        return message

    async def _edit(self, message: str, payload: Payload) -> bool:
        try:
            await self._send("PATCH", self._url(f"/messages/{message}"), edit_json(_plain(payload)))
        except HttpRefusal as refusal:
            if refusal.answer.data.get("code") in (UNKNOWN_MESSAGE, TOO_OLD_TO_EDIT, THREAD_ARCHIVED):
                return False
            raise
        return True

    async def _send(self, method: str, url: str, body: Any) -> Answer:
        try:
            return await self._http.send(method, url, body)
        except HttpRefusal as refusal:
            code = refusal.answer.data.get("code")
            if code == UNKNOWN_WEBHOOK:
                raise refusal.of_the_place(_MAKE_NEW, gone=True) from None
            if code == _FORUM:
                raise refusal.of_the_place("name a thread with `?thread_id=` in `webhook_url`") from None
            raise

    def _url(self, path: str = "", query: str = "") -> str:
        """The webhook's address with its own query kept (such as `thread_id`)."""
        parts = urlsplit(self._address)
        queries = "&".join(part for part in (parts.query, query) if part)
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + path, queries, ""))

    def _receipt(self, incident: Incident, message: str) -> Receipt:
        return Receipt(self._name, incident.id, message)


def _plain(payload: Payload) -> Payload:
    return replace(payload, rows=(), roles=(), reply_to=None, nonce="")
