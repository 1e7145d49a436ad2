"""The HTTP server behind the endpoint: two pages, to be read by machines, and a place for their heartbeats.

One request a connection, a bound on connections, on the time that each may last and on what its head may
hold: whoever is rude here costs opsbot next to nothing. What people send is not logged.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable
from math import inf
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from opsbot.clock import Clock
from opsbot.config.online import loopback
from opsbot.config.settings import WebSettings
from opsbot.runtime.core import Runtime
from opsbot.web.beats import PLACE, HeartbeatPages
from opsbot.web.health import verdict
from opsbot.web.metrics import CONTENT_TYPE, render
from opsbot.web.snapshot import snapshot

CONNECTIONS = 32
"""At a time; one more is closed at once."""

PATIENCE = 10.0
"""Seconds that a connection may last, its answer included: Prometheus' own patience with a scrape."""

HEAD = 8190
"""Bytes of a request line, and of each header."""

FRESH = 1.0
"""Seconds for which an answer of `/metrics` serves all who ask."""

LAST_WORDS = 0.5
"""Seconds in which answers under way end by themselves when the endpoint closes."""

BACKLOG = 16

log = structlog.get_logger("opsbot.web")

_SILENT = logging.Logger("requests", logging.CRITICAL + 1)
"""For aiohttp, which quotes whatever it does not understand. Nobody else knows it, so none can wake it."""


class Server:
    """Answers at an address until closed. `runtime`: the present one, whichever that is."""

    def __init__(self, runtime: Callable[[], Runtime], clock: Clock, settings: WebSettings) -> None:
        self._runtime, self._clock = runtime, clock
        self.settings = settings
        """May be another object while the address stays: the token is looked up at each request."""
        self._text, self._until = b"", -inf
        self._rendering = asyncio.Lock()
        self._server: asyncio.Server | None = None
        app = web.Application(middlewares=[self._guarded])
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._health)
        HeartbeatPages(lambda: self._runtime().beats).add_to(app)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_SILENT,
            max_line_size=HEAD,
            max_field_size=HEAD,
            lingering_time=0.0,
            shutdown_timeout=LAST_WORDS,
            handler_cancellation=True,
        )

    @property
    def port(self) -> int:
        """Where it listens: the system's choice where the settings say 0."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Begins to listen.

        Raises:
            OSError: it cannot.
        """
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self._connected, self.settings.host, self.settings.port, backlog=BACKLOG, reuse_address=True
            )
        except BaseException:
            await self._runner.cleanup()
            raise

    async def close(self) -> None:
        """Listens no more; answers under way have a moment."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _connected(self) -> asyncio.Protocol:
        serve = self._runner.server
        if serve is None or len(serve.connections) >= CONNECTIONS:
            return _Full()
        handler = serve()
        asyncio.get_running_loop().call_later(PATIENCE, _cut, handler)
        return handler

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every request passes here, also those for pages that do not exist."""
        own = request.path.startswith(PLACE)  # the secret in the address is what lets them
        refusal = None if own else self._refusal(request)
        if refusal is not None:
            return _said(refusal)
        try:
            return _said(await handler(request))
        except web.HTTPException as plain:  # no such page, no such method
            answer = web.Response(status=plain.status, text=f"{plain.status}: {plain.reason}\n")
            if "Allow" in plain.headers:
                answer.headers["Allow"] = plain.headers["Allow"]
            return _said(answer)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a page broke", page=request.path if request.path in PAGES else "")
            return _said(web.Response(status=500, text="opsbot failed: its log says why\n"))

    def _refusal(self, request: web.Request) -> web.Response | None:
        token = self.settings.token
        if token is not None:
            given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
            if hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
                return None
            return web.Response(
                status=401, text="401: a bearer token is needed\n", headers={"WWW-Authenticate": "Bearer"}
            )
        if loopback(self.settings.host) and not _asked_here(request.headers.get("Host", "")):
            return web.Response(status=403, text="403: ask by the address, or by the name localhost\n")
        return None

    async def _metrics(self, request: web.Request) -> web.Response:  # noqa: ARG002 - nothing is asked
        async with self._rendering:  # whoever comes meanwhile gets the same
            if self._clock.now().mono >= self._until:
                seen = snapshot(self._runtime(), self._clock.now())
                self._text = await asyncio.to_thread(render, seen)
                self._until = self._clock.now().mono + FRESH
        return web.Response(body=self._text, headers={"Content-Type": CONTENT_TYPE})

    async def _health(self, request: web.Request) -> web.Response:  # noqa: ARG002 - nothing is asked
        found = await verdict(self._runtime(), self._clock)
        return web.json_response(dict(found.body), status=found.status)


PAGES = ("/metrics", "/healthz")


class _Full(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _cut(handler: web.RequestHandler) -> None:
    if handler.transport is not None:
        handler.transport.abort()


def _said(answer: web.StreamResponse) -> web.StreamResponse:
    """No word about what answers; nothing that a browser could make of it; and then good-bye."""
    answer.headers["Server"] = "opsbot"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.force_close()
    return answer


def _asked_here(host: str) -> bool:
    """Whether a request's Host is this machine itself: a page in a browser here could otherwise be led to
    read what is only for this machine (DNS rebinding)."""
    try:
        return loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
