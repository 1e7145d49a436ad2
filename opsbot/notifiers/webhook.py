"""A JSON document to any web address, signed. At least once: `X-Opsbot-Delivery` tells repeats apart."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Self

from pydantic import SecretStr, model_validator

from opsbot.clock import Clock
from opsbot.domain.notice import Receipt, Telling
from opsbot.draw.summary import as_data, headline, timeline
from opsbot.notifiers._http import Http
from opsbot.notifiers._news import unique
from opsbot.notifiers._options import SecretUrl, Timeout, require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions

SCHEMA = 1
"""Version of the document. New keys may be added to one; a key that goes or changes its meaning makes the
next."""


class Options(NotifierOptions):
    """`url`: where to. `secret`: key of the signature; without one nothing is signed."""

    url: SecretUrl = SecretStr("")
    secret: SecretStr = SecretStr("")
    timeout_seconds: Timeout = 10

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, url=self.url)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return GenericNotifier(options, context.name, context.clock)


class GenericNotifier:
    """Tells every change; what is news is the receiver's to say."""

    def __init__(self, options: Options, name: str, clock: Clock) -> None:
        self._url = options.url.get_secret_value()
        self._secret = options.secret.get_secret_value()
        self._name = name
        self._clock = clock
        self._http = Http(options.timeout_seconds, clock)

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`."""
        body = document(telling)
        at = f"{self._clock.now().wall:.0f}"
        headers = {"X-Opsbot-Delivery": delivery(telling), "X-Opsbot-Timestamp": at}
        if self._secret:
            headers["X-Opsbot-Signature"] = f"sha256={signature(self._secret, at, body)}"
        await self._http.send("POST", self._url, body, headers)
        return Receipt(self._name, telling.incident.id, str(telling.notice.id))

    async def close(self) -> None:
        """Closes the connection."""
        await self._http.close()


def delivery(telling: Telling) -> str:
    """The same for a repeat and for nothing else: a row that waited tells another version of the incident
    than at its first try, and a new state directory counts from 1 again."""
    return f"{unique(telling.incident)}.{telling.notice.id}.{telling.incident.version}"


def document(telling: Telling) -> bytes:
    """`{"schema", "kind", "notice", "headline", "late_seconds", "incident": {…}, "timeline": […]}`, UTF-8."""
    incident = telling.incident
    body = {
        "schema": SCHEMA,
        "kind": telling.notice.kind.value,
        "notice": telling.notice.id,
        "headline": headline(incident),
        "late_seconds": telling.late,
        "incident": as_data(incident),
        "timeline": timeline(incident),
    }
    return json.dumps(body).encode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over timestamp, a point and the body, in hex: a receiver that compares both and refuses
    old timestamps cannot be played to."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
