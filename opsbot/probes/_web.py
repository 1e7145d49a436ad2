"""One GET for a probe: a fresh connection each time, nothing followed, nothing unpacked, a bounded body."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from opsbot.probes.base import SHOWN

BODY_LIMIT = 512 * 1024
"""Bytes of a body that are read; Discord's status summary has some 20 KB."""

HEADERS = {"User-Agent": "opsbot", "Accept": "application/json, */*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. `headers` by lower-case name; `body`: at most `limit` bytes, `cut`: there was more."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool


class NotReached(Exception):
    """There was no answer; says why, one clause for people."""


async def get(url: str, limit: int = BODY_LIMIT) -> Page:
    """Asks for a page; a kept connection would prove nothing, so each request opens its own. `limit` 0: only
    for its head.

    Raises:
        NotReached: no answer, or not one in HTTP.
    """
    try:
        async with (
            aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, headers=HEADERS, allow_redirects=False) as answer,
        ):
            raw = b""
            while len(raw) <= limit and (part := await answer.content.read(limit)):
                raw += part
            if len(raw) > limit:
                answer.close()  # the rest may never end
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Page(answer.status, headers, raw[:limit], len(raw) > limit)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotReached(words(error)) from error


_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "host not reachable",
    errno.ENETUNREACH: "network not reachable",
}


def words(error: BaseException) -> str:
    """Why there was no connection, in words."""
    inner = getattr(error, "os_error", error)
    known = _WORDS.get(getattr(inner, "errno", None) or 0)
    if known is not None:
        return known
    if isinstance(error, aiohttp.ClientSSLError):
        return "its certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not resolved"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "closed the connection without an answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return "answered with something that is not HTTP"
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return " ".join(str(text).split())[:SHOWN]
