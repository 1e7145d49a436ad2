"""The port of HTTP requests: one request, one answer or the reason why there is none.

Two adapters: aiohttp for a daemon (`_fetch_aiohttp`), and the standard library for a command that looks
once (`_fetch_stdlib`), because importing aiohttp takes longer than such a command may.
"""

from __future__ import annotations

import errno
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

BODY_LIMIT = 64 * 1024
"""Bytes of a body that are read, and that are unpacked (faults.md, "Health endpoint")."""

USER_AGENT = "opsbot"


@dataclass(frozen=True, slots=True)
class Request:
    """`timeout`: seconds from the start of resolving to the end of the body. `headers` may hold secrets."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = None
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` by lower-case name. `body`: unpacked, at most `BODY_LIMIT` bytes; `cut`: there was more.
    `seconds`: from the start to the end of the body. `flaw`: why the body could not be unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    cut: bool = False
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `timeout`: there was none in time; `reason`: one phrase for people."""

    reason: str
    timeout: bool = False
    seconds: float = 0.0


class Fetcher(Protocol):
    """Makes requests: no redirects, no cookies, no proxy, no more than `BODY_LIMIT` bytes."""

    async def fetch(self, request: Request) -> Response | Failure:
        """One request. Raises nothing but CancelledError."""

    async def close(self) -> None:
        """Closes what is kept open."""


def headers_of(request: Request) -> dict[str, str]:
    """All headers to send: the request's own win. A packed answer is not asked for."""
    base = {"User-Agent": USER_AGENT, "Accept": "application/json, */*", "Accept-Encoding": "identity"}
    own = {name.lower() for name in request.headers}
    headers = {name: value for name, value in base.items() if name.lower() not in own}
    return headers | dict(request.headers)


def unpacked(raw: bytes, encoding: str) -> tuple[bytes, bool, str]:
    """A body (some bytes more than `BODY_LIMIT` when there was more) unpacked and cut: (body, cut, flaw).

    A server that packs although it was asked not to is understood for gzip and deflate, and never unpacked
    beyond the limit.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return raw[:BODY_LIMIT], len(raw) > BODY_LIMIT, ""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return b"", False, f"packed as {encoding[:20]}, which was not asked for"
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: finds out by itself whether gzip or zlib
    try:
        body = unpacker.decompress(raw, BODY_LIMIT)
    except zlib.error:
        return b"", False, f"not {encoding}, although it says so"
    return body, not unpacker.eof, ""


NOT_VALID = "the address or a header of the request is not valid"
"""Said instead of the error's own words: they quote the address or the header, which may hold a secret."""


def reason_of(error: BaseException) -> str:
    """Why a connection failed, in words."""
    if isinstance(error, ValueError) and not isinstance(error, OSError):  # a distrusted certificate is both
        return NOT_VALID
    number = getattr(error, "errno", None)
    words = {
        errno.ECONNREFUSED: "connection refused",
        errno.ECONNRESET: "connection reset",
        errno.EPIPE: "connection reset",
        errno.EHOSTUNREACH: "host not reachable",
        errno.ENETUNREACH: "network not reachable",
    }
    if number in words:
        return words[number]
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200]


def no_answer(request: Request) -> Failure:
    """The failure of a request that took too long."""
    return Failure(f"no answer within {request.timeout:g} s", timeout=True, seconds=request.timeout)
