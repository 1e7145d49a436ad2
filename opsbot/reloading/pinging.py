"""A ping over HTTP, for the dead man's switch: as every request of a check it follows nothing, keeps nothing
and connects to no metadata service."""

from __future__ import annotations

from urllib.parse import urlsplit

from opsbot.checks._fetch import Failure, Request
from opsbot.clock import Clock

TIMEOUT = 10.0
"""Seconds for one ping."""

FAIL = "/fail"
"""What healthchecks.io and its kin want at the end of the address for a failure."""


class HttpPing:
    """GET of an address; any 2xx will do."""

    def __init__(self, url: str, clock: Clock) -> None:
        from opsbot.checks._fetch_aiohttp import AiohttpFetcher  # aiohttp is large, and few have a switch

        self._url = url
        self._fetch = AiohttpFetcher(clock)
        self.name = urlsplit(url).hostname or "?"

    async def ping(self, *, well: bool) -> str:
        """See `Pinged.ping`."""
        answer = await self._fetch.fetch(Request(self._url if well else _failure(self._url), timeout=TIMEOUT))
        if isinstance(answer, Failure):
            return answer.reason
        if 300 <= answer.status < 400:
            return f"HTTP {answer.status}, it redirects, which is not followed"
        return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"

    async def close(self) -> None:
        """Closes the connection."""
        await self._fetch.close()


def _failure(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=parts.path.rstrip("/") + FAIL).geturl()
