"""The web endpoint while opsbot runs: opened, moved and closed with the settings. That it cannot be opened is
told, and stands in the way of nothing else."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from opsbot.clock import Clock
from opsbot.config.settings import WebSettings
from opsbot.engine.inputs import OwnTrouble
from opsbot.engine.own import WEB_RULE
from opsbot.runtime.core import Runtime
from opsbot.runtime.waiting import wait_until

if TYPE_CHECKING:
    from opsbot.web.server import Server

TRY_AGAIN = 15.0
"""Seconds between two tries to open it."""

log = structlog.get_logger("opsbot.web")


class Endpoint:
    """`runtime`: the present one. `listening` is set while it is open."""

    def __init__(self, runtime: Callable[[], Runtime], clock: Clock, wanted: WebSettings) -> None:
        self._runtime, self._clock, self._wanted = runtime, clock, wanted
        self._changed = asyncio.Event()
        self._server: Server | None = None
        self._trouble = ""
        self.listening = asyncio.Event()

    def follow(self, wanted: WebSettings) -> None:
        """Other settings, or another runtime."""
        self._wanted = wanted
        self._changed.set()

    @property
    def port(self) -> int | None:
        """Where it listens."""
        return self._server.port if self._server is not None else None

    async def run(self) -> None:
        """Works until cancelled."""
        try:
            while True:
                self._changed.clear()
                await self._tell(await self._come_to(self._wanted))
                await wait_until(self._changed, self._clock, TRY_AGAIN if self._trouble else None)
        finally:
            await self._close()

    async def _come_to(self, wanted: WebSettings) -> str:
        """Makes it so; returns why that cannot be."""
        if self._server is not None and wanted.listen == self._server.settings.listen:
            self._server.settings = wanted  # the token may be another
            return ""
        await self._close()
        if wanted.listen is None:
            return ""
        try:
            await self._open(wanted)
        except OSError as error:
            return _words(wanted, error)
        except Exception as broken:  # whatever it is, the rest of opsbot goes on
            log.exception("the web endpoint broke")
            return f"The web endpoint cannot be opened: {type(broken).__name__}: {broken}"
        return ""

    async def _open(self, wanted: WebSettings) -> None:
        make = await asyncio.to_thread(_imported)  # some hundredths of a second, in which the loop goes on
        server = make(self._runtime, self._clock, wanted)
        await server.open()
        self._server = server
        self.listening.set()
        log.info("the web endpoint listens", host=wanted.host, port=server.port)

    async def _close(self) -> None:
        server, self._server = self._server, None
        self.listening.clear()
        if server is not None:
            log.info("the web endpoint closes", host=server.settings.host, port=server.port)
            await server.close()

    async def _tell(self, trouble: str) -> None:
        """As an alert of opsbot's own, which stands in the log too."""
        if trouble or self._trouble:
            await self._runtime().pipeline.post(OwnTrouble(WEB_RULE, trouble))
        self._trouble = trouble


def _imported() -> type[Server]:
    from opsbot.web.server import Server

    return Server


def _words(wanted: WebSettings, error: OSError) -> str:
    place = f"The web endpoint cannot listen on {wanted.listen}"
    if error.errno == errno.EADDRINUSE:
        return f"{place}: another program has that port. End it, or give `web.listen` another one."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{place}: opsbot's user may not use that port. Give `web.listen` one from 1024 on."
    if error.errno == errno.EADDRNOTAVAIL or not isinstance(error.errno, int) or error.errno < 0:
        return f"{place}: this machine has no such address. Give `web.listen` one that it has."
    return f"{place} ({error.strerror or error}): give `web.listen` another address."
