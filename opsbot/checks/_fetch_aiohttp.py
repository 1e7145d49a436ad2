"""HTTP requests of a daemon: one session kept, connections reused."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from opsbot.checks._address import AddressRefused, refuse_metadata, resolve
from opsbot.checks._fetch import (
    BODY_LIMIT,
    Failure,
    Request,
    Response,
    headers_of,
    no_answer,
    reason_of,
    unpacked,
)
from opsbot.clock import Clock


class AiohttpFetcher:
    """Made outside of a loop, opens its session at the first request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, request: Request) -> Response | Failure:
        """One request."""
        begun = self._clock.now()
        try:
            async with asyncio.timeout(request.timeout):
                answer = await self._ask(request)
        except TimeoutError:
            return no_answer(request)
        except AddressRefused as refused:
            return Failure(str(refused))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Failure(_reason(error), seconds=self._clock.now().since(begun))
        status, headers, raw = answer
        body, cut, flaw = unpacked(raw, headers.get("content-encoding", ""))
        return Response(status, headers, body, self._clock.now().since(begun), cut, flaw)

    async def close(self) -> None:
        """Closes the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        session = self._opened()
        call = session.request(
            request.method, request.url, headers=headers_of(request), data=request.body, allow_redirects=False
        )
        async with call as answer:
            raw = b""
            while len(raw) <= BODY_LIMIT and (part := await answer.content.read(BODY_LIMIT)):
                raw += part
            if len(raw) > BODY_LIMIT:
                answer.close()  # the rest may never end: the connection is not used again
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, raw

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(resolver=_Resolver(), limit_per_host=4),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                skip_auto_headers=("Accept-Encoding",),
            )
        return self._session


class _Resolver(AbstractResolver):
    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the interface's
    ) -> list[ResolveResult]:
        found = await asyncio.to_thread(resolve, host, port)
        return [
            ResolveResult(
                hostname=host, host=address, port=number, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for kind, address, number in found
        ]

    async def close(self) -> None:
        """Holds nothing."""


class _Connector(aiohttp.TCPConnector):
    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> list[ResolveResult]:
        found = await super()._resolve_host(host, port, traces)
        for address in found:  # a numeric host never reaches the resolver
            refuse_metadata(address["host"])
        return found


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "closed the connection without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "connection lost in the middle of the answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return "answered with something that is not HTTP"
    return reason_of(getattr(error, "os_error", error))
