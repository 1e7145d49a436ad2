"""Between opsbot and a real engine: loses answers, is slow, or says what Docker says and podman does not."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.supervisors.docker.sandbox import Sandbox

Rewrite = Callable[[Any], Any]


class Between:
    """Hands everything on, except for what a test arranges. Use as an async context manager."""

    def __init__(self, engine: Sandbox) -> None:
        self._engine = engine
        self._folder = Path(tempfile.mkdtemp(prefix="opsbot-between-"))  # a socket's path must be short
        self.url = f"unix://{self._folder / 'docker.sock'}"
        self.asked: list[str] = []
        self._rewrites: list[tuple[str, Rewrite]] = []
        self._modes: dict[Path, int] = {}
        self._words: list[tuple[bytes, bytes]] = []
        self._lost: list[str] = []
        self._silent: list[str] = []
        self._refused: list[tuple[str, str, int]] = []

    def rewrite(self, path: str, change: Rewrite) -> None:
        """Answers to `METHOD PATH` (an expression) are changed."""
        self._rewrites.append((path, change))

    def replace(self, old: bytes, new: bytes) -> None:
        """In streams."""
        self._words.append((old, new))

    def lose(self, path: str) -> None:
        """The next answer to such a request is lost, after the engine has done what was asked."""
        self._lost.append(path)

    def hang(self, path: str) -> None:
        """Such requests are never answered."""
        self._silent.append(path)

    def refuse(self, path: str, why: str, status: int = 500) -> None:
        """Such requests never reach the engine."""
        self._refused.append((path, why, status))

    def hand_on_everything(self) -> None:
        """No request is refused any more."""
        self._refused.clear()

    def let_everybody_in(self) -> None:
        """Whoever is not root may use it, and the engine behind it, until the end of the test."""
        self._modes = {path: path.stat().st_mode for path in (self._engine.folder, self._engine.socket)}
        for path in (self._folder, self._engine.folder):
            path.chmod(0o711)
        for path in (self._folder / "docker.sock", self._engine.socket):
            path.chmod(0o666)

    async def over_tcp(self) -> str:
        """Listens on a port of this machine too; returns its address."""
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"tcp://127.0.0.1:{self._runner.addresses[-1][1]}"

    async def __aenter__(self) -> Between:
        application = web.Application()
        application.router.add_route("*", "/{anything:.*}", self._hand_on)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, self.url.removeprefix("unix://")).start()
        connector = aiohttp.UnixConnector(str(self._engine.socket), force_close=True)
        self._session = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(self, *_: object) -> None:
        for path, mode in self._modes.items():
            path.chmod(mode)
        await self._session.close()
        await self._runner.cleanup()
        shutil.rmtree(self._folder)

    async def _hand_on(self, request: web.Request) -> web.StreamResponse:
        what = f"{request.method} {request.path}"
        self.asked.append(what)
        if any(re.search(each, what) for each in self._silent):
            await asyncio.Event().wait()
        for path, why, status in self._refused:
            if re.search(path, what):
                return web.json_response({"message": why}, status=status)
        url = f"http://engine{request.path_qs}"
        async with self._session.request(request.method, url, data=await request.read()) as answer:
            changes = [change for path, change in self._rewrites if re.search(path, what)]
            if changes:
                said = await answer.json(content_type=None)
                for change in changes:
                    said = change(said)
                return web.json_response(said, status=answer.status)
            return await self._copy(request, answer, lost=self._is_lost(what))

    async def _copy(
        self, request: web.Request, answer: aiohttp.ClientResponse, *, lost: bool
    ) -> web.StreamResponse:
        if lost:
            assert request.transport
            request.transport.close()
            return web.Response()
        copy = web.StreamResponse(
            status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", "text/plain")}
        )
        await copy.prepare(request)
        async for chunk in answer.content.iter_any():
            for old, new in self._words:
                chunk = chunk.replace(old, new)
            await copy.write(chunk)
        return copy

    def _is_lost(self, what: str) -> bool:
        lost = next((each for each in self._lost if re.search(each, what)), None)
        if lost:
            self._lost.remove(lost)
        return lost is not None
