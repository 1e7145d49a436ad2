"""A real opsbot on a service in this process: real log, real HTTP, real files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from opsbot.app import opened
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.domain.walk import Mark, Walk
from opsbot.runtime.asked.walks import Walks
from opsbot.runtime.core import Runtime
from tests.runbooks.books import OLGA

NAME = "shop"
CONFIG = """\
version: "1.0"
base_dir: .
builtin_rules: false
outages: {{enabled: false}}
runbooks: {{dir: ./runbooks}}
targets:
  shop:
    checks:
      health: {{type: http, url: "http://127.0.0.1:{port}/health", interval_seconds: 3600}}
      log: {{type: log, path: shop.log, interval_seconds: 3600}}
      disk: {{type: disk, path: ., interval_seconds: 3600, warning_gb: 0, critical_gb: 0}}
      port: {{type: port, port: {port}, interval_seconds: 3600}}
"""
HEAD = "---\ntitle: Test\n---\n\n## Steps\n\n"


@dataclass
class Service:
    """What it answers, and where it writes."""

    folder: Path
    port: int = 0
    status: int = 200

    @property
    def log(self) -> Path:
        return self.folder / "shop.log"

    @property
    def walks_folder(self) -> Path:
        return self.folder / ".opsbot" / "walks"

    def write(self, name: str, *items: str) -> None:
        """A runbook with these items."""
        folder = self.folder / "runbooks"
        folder.mkdir(exist_ok=True)
        lines = [f"{number}. {item}" for number, item in enumerate(items, 1)]
        (folder / f"{name}.md").write_text(HEAD + "\n".join(lines) + "\n")

    async def answer(self, _: web.Request) -> web.Response:
        body: dict[str, object] = {
            "status": "healthy" if self.status == 200 else "unhealthy",
            "version": "2.1.0",
            "services": {},
        }
        return web.json_response(body, status=self.status)


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[Service]:
    """It runs, and has written a line."""
    made = Service(folder)
    app = web.Application()
    app.router.add_get("/health", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    made.log.write_text("2026-01-05 15:00:00,000 - shop - INFO - Bot is ready! Logged in as shop#1\n")
    (folder / "opsbot.yml").write_text(CONFIG.format(port=made.port))
    try:
        yield made
    finally:
        await runner.cleanup()


@asynccontextmanager
async def opsbot(on: Service) -> AsyncIterator[Runtime]:
    """It watches that service."""
    async with opened(load(on.folder / "opsbot.yml", {}), SystemClock()) as runtime:
        started = asyncio.Event()
        running = asyncio.create_task(runtime.run(started))
        await started.wait()
        try:
            yield runtime
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def walked(walks: Walks, name: str = "test") -> Walk:
    """A walk as far as it goes without people."""
    walk = await walks.begin(name, NAME, OLGA)
    while walk.due:
        walk = await walks.advance(walk.id)
    return walk


async def asked(on: Service, walks: Walks, directive: str) -> tuple[Mark, str]:
    """What comes of one directive."""
    on.write("test", f"Is it so?\n   `opsbot: {directive}`")
    (step,) = (await walked(walks)).steps
    return step.mark, step.evidence
