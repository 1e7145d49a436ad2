"""One HTTP request of a notifier, and what its answer means for a retry.

Addresses are secrets: no error names more than the host.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opsbot.clock import Clock
from opsbot.errors import DeliveryError
from opsbot.notifiers._unreached import unreached
from opsbot.text import one_line

if TYPE_CHECKING:
    from aiohttp import ClientSession

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read."""

RETRY_AFTER_MAX = 3600.0
"""Seconds: a receiver that wishes for more is asked again after an hour."""

_TRY_AGAIN = frozenset({408, 425, 429})
_OUT = frozenset({429, 502, 503, 504})
_OF_THE_MESSAGE = frozenset({400, 413, 422})
"""Malformed, too large, not understood: another message may be taken. All else that is refused (401, 403,
404, 410, a redirect …) is said of the address or the key."""
_OF_THE_MESSAGE = frozenset({400, 413, 422})
"""Malformed, too large, not understood: another message may be taken. All else that is refused (401, 403,
404, 410, a redirect …) is said of the address or the key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and the JSON object of an answer ({} when it is none)."""

    status: int
    text: str
    data: Mapping[str, Any]
    retry_after: float | None


class Http:
    """Sends requests, each within `timeout` seconds. The session is made by the first one. `clock` helps to
    read a pause that is given as a date."""

    def __init__(self, timeout: float, clock: Clock) -> None:
        self._timeout = timeout
        self._clock = clock
        self._session: ClientSession | None = None

    async def send(
        self, method: str, url: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """`body`: bytes, or what JSON can hold. Returns the answer if its status is 2xx.

        Raises:
            DeliveryError: anything else. 408, 425, 429 and 5xx are transient, with the receiver's
                `retry_after`; so is every failure of the connection. 400, 413 and 422 refuse the message
                alone (`permanent`); every other status and a distrusted certificate, the place (`place`),
                which is out for now with 429, 502 to 504 or when it is not reached.
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
                wish = _wish(response.headers, self._clock.now().wall)
                answer = _answer(response.status, raw, wish)
        except aiohttp.InvalidURL:
            raise DeliveryError("its web address is not valid", permanent=True, place=True) from None
        except aiohttp.ClientConnectorCertificateError:
            said = f"{host}: its certificate is not trusted"
            raise DeliveryError(said, permanent=True, place=True) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            unreached = isinstance(error, aiohttp.ClientConnectorError)
            raise DeliveryError(f"{host}: {_reason(error)}", permanent=False, place=unreached) from None
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


def _answer(status: int, raw: bytes, wish: float | None) -> Answer:
    text = raw.decode("utf-8", "replace")
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = {}
    data = parsed if isinstance(parsed, dict) else {}
    return Answer(status, text, data, _seconds(data.get("retry_after")) or wish)


def _wish(headers: Mapping[str, str], wall: float) -> float | None:
    """Retry-After in seconds: a number, or a date seen from the receiver's own clock if it says what that
    shows (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
    header = headers.get("Retry-After")
    until = _date(header)
    if until is None:
        return _seconds(header)
    now = _date(headers.get("Date"))
    return _seconds(max(0.0, until - (wall if now is None else now)))


def _date(header: str | None) -> float | None:
    """Seconds since 1970 UTC; None for what is no HTTP date."""
    try:
        return None if header is None else parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _seconds(wish: object) -> float | None:
    """Seconds ≥ 0 as a number; nonsense is no wish."""
    try:
        seconds = float(wish)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, RETRY_AFTER_MAX) if seconds >= 0 else None


def _judge(host: str, answer: Answer) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    said = one_line(str(answer.data.get("message") or answer.text), 120)
    transient = status in _TRY_AGAIN or status >= 500
    of_message = status in _OF_THE_MESSAGE
    raise HttpRefusal(
        f"{host} answered {status}" + (f": {said}" if said else ""),
        answer,
        permanent=not transient,
        place=status in _OUT if transient else not of_message,
    )


class HttpRefusal(DeliveryError):
    """The receiver answered with an error; `answer` is what it said."""

    def __init__(
        self,
        message: str,
        answer: Answer,
        *,
        permanent: bool = False,
        place: bool = False,
        gone: bool = False,
    ) -> None:
        super().__init__(message, permanent=permanent, place=place, gone=gone, retry_after=answer.retry_after)
        self.answer = answer

    def of_the_place(self, hint: str = "", *, gone: bool = False) -> HttpRefusal:
        """The same, where the status alone does not tell that every message would be refused. `hint`: what a
        person can do."""
        said = f"{self}: {hint}" if hint else str(self)
        return HttpRefusal(said, self.answer, permanent=True, place=True, gone=gone)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return unreached(getattr(error, "os_error", error))
