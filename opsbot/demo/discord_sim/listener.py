"""The port: held for good, listened on or not."""

from __future__ import annotations

import asyncio
import socket
from types import TracebackType
from typing import Self

from aiohttp import web

from opsbot.demo.discord_sim.sockets import LOOPBACK, bound

SHUTDOWN_SECONDS = 0.1


class Listener:
    """Serves an application on a loopback port, and can stop and start listening on the same one.

    A second socket stays bound to the port without listening, so that nobody else gets it while
    connections are refused.
    """

    def __init__(self, app: web.Application, port: int) -> None:
        self._runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
        self._asked_port = port
        self._holder: socket.socket | None = None
        self._site: web.SockSite | None = None

    @property
    def address(self) -> str:
        """`127.0.0.1:port`; raises RuntimeError before the start."""
        if self._holder is None:
            raise RuntimeError("the simulated Discord has not been started")
        return f"{LOOPBACK}:{self._holder.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._holder = bound(self._asked_port)
        await self._runner.setup()
        await self.listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    async def listen(self) -> None:
        if self._site is not None or self._holder is None:
            return
        self._site = web.SockSite(self._runner, bound(self._holder.getsockname()[1]))
        await self._site.start()

    async def stop_listening(self) -> None:
        """Further connections are refused, open ones are cut."""
        if self._site is None:
            return
        await self._site.stop()
        self._site = None
        server = self._runner.server
        for connection in list(server.connections) if server is not None else []:
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)
