"""One HTTP request of a notifier, and what its answer means for a retry.

Addresses are secrets: no error names more than the host.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opsbot.errors import DeliveryError
from opsbot.text import one_line

if TYPE_CHECKING:
    from aiohttp import ClientSession

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read."""

RETRY_AFTER_MAX = 3600.0
"""Seconds: a receiver that wishes for more is asked again after an hour."""

_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and the JSON object of an answer ({} when it is none)."""

    status: int
    text: str
    data: Mapping[str, Any]
    retry_after: float | None


class Http:
    """Sends requests, each within `timeout` seconds. The session is made by the first one."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._session: ClientSession | None = None

    async def send(
        self, method: str, url: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """`body`: bytes, or what JSON can hold. Returns the answer if its status is 2xx.

        Raises:
            DeliveryError: anything else. 408, 425, 429 and 5xx are transient, with the receiver's
                `retry_after`; so is every failure of the connection. Other statuses are permanent.
        """
        import aiohttp  # here, not above: a notifier that is not configured costs nothing

        host = urlsplit(url).hostname or "?"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "User-Agent": "opsbot", **(headers or {})}
        try:
            async with self._open().request(
                method, url, data=data, headers=sent, allow_redirects=False
            ) as response:
                raw = await _start_of(response)
                answer = _answer(response.status, raw, response.headers.get("Retry-After"))
        except aiohttp.InvalidURL:
            raise DeliveryError("its web address is not valid", permanent=True) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DeliveryError(f"{host}: {_reason(error)}", permanent=False) from None
        _judge(host, answer)
        return answer

    async def close(self) -> None:
        """Closes the session; a later request would open one anew."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _open(self) -> ClientSession:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


async def _start_of(response: Any) -> bytes:
    """At most `ANSWER_LIMIT` bytes; the rest is not read."""
    raw = b""
    async for chunk in response.content.iter_chunked(8192):
        raw += chunk
        if len(raw) >= ANSWER_LIMIT:
            break
    return raw[:ANSWER_LIMIT]


def _answer(status: int, raw: bytes, header: str | None) -> Answer:
    text = raw.decode("utf-8", "replace")
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = {}
    data = parsed if isinstance(parsed, dict) else {}
    return Answer(status, text, data, _seconds(data.get("retry_after")) or _seconds(header))


def _seconds(wish: object) -> float | None:
    """Seconds ≥ 0 as a number; an HTTP date or nonsense is no wish."""
    try:
        seconds = float(wish)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, RETRY_AFTER_MAX) if seconds >= 0 else None


def _judge(host: str, answer: Answer) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    transient = status in _TRY_AGAIN or status >= 500
    said = one_line(str(answer.data.get("message") or answer.text), 120)
    raise HttpRefusal(
        f"{host} answered {status}" + (f": {said}" if said else ""),
        permanent=not transient,
        retry_after=answer.retry_after,
        answer=answer,
    )


class HttpRefusal(DeliveryError):
    """The receiver answered with an error; `answer` is what it said."""

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None, answer: Answer) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.answer = answer


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    cause = getattr(error, "os_error", error)
    text = getattr(cause, "strerror", None) or type(error).__name__
    return f"no connection ({one_line(str(text), 80)})"
