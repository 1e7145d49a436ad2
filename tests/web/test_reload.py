"""The whole opsbot: the endpoint opens, moves and closes while it runs, and is there after a reload."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientConnectionError, ClientSession, ServerDisconnectedError

from opsbot.app import serve
from opsbot.config.load import load
from tests.bound import BOUND
from tests.e2e.processes import eventually_asked

TOKEN = "a-token-of-the-environment"
TEXT = """
version: "1.0"
state_dir: state
base_dir: .
reload: manual
targets:
  machine:
    checks: {{disk: {{interval_seconds: 0.2}}}}
notifications: {{log: {{file_path: alerts.log}}}}
{web}
"""


@dataclass
class Opsbot:
    """One that runs, and its file."""

    file: Path
    http: ClientSession
    hangups: asyncio.Event = field(default_factory=asyncio.Event)

    def configure(self, web: str = "") -> None:
        """Writes the file, and has it read."""
        self.file.write_text(TEXT.format(web=web))
        self.hangups.set()

    async def status(self, port: int, token: str = "", page: str = "/metrics") -> int:
        """What it answers there; 0 when nobody does."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with self.http.get(f"http://127.0.0.1:{port}{page}", headers=headers) as answer:
                await answer.read()
                return answer.status
        except (ClientConnectionError, ServerDisconnectedError):
            return 0

    async def until(self, port: int, status: int, token: str = "") -> None:
        """Returns when it answers so."""

        async def so() -> bool:
            return await self.status(port, token) == status

        await eventually_asked(so)

    async def says(self, port: int, text: str) -> None:
        """Returns when its metrics hold this."""

        async def so() -> bool:
            async with self.http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                return text in await answer.text()

        await eventually_asked(so)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def opsbot(folder: Path, web: str = "") -> AsyncIterator[Opsbot]:
    environ = {"OPSBOT_WEB_TOKEN": TOKEN}
    async with ClientSession() as http:
        made, started = Opsbot(folder / "opsbot.yml", http), asyncio.Event()
        made.configure(web)
        made.hangups.clear()
        settings = load(made.file, environ)
        serving = asyncio.create_task(serve(settings, started=started, hangups=made.hangups, environ=environ))
        try:
            async with asyncio.timeout(BOUND):
                await started.wait()
            yield made
            assert not serving.done()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def test_it_starts_moves_and_stops_while_opsbot_runs(tmp_path: Path) -> None:
    one, two = free_port(), free_port()
    async with opsbot(tmp_path) as at:
        assert await at.status(one) == 0
        at.configure(f"web: {{listen: '127.0.0.1:{one}'}}")
        await at.until(one, 200)
        at.configure(f"web: {{listen: '127.0.0.1:{two}'}}")
        await at.until(two, 200)
        assert await at.status(one) == 0
        at.configure(f"web: {{listen: '127.0.0.1:{two}', token: '${{OPSBOT_WEB_TOKEN}}'}}")
        await at.until(two, 401)
        assert await at.status(two, TOKEN) == 200
        assert await at.status(two, TOKEN, "/healthz") == 200
        at.configure()
        await at.until(two, 0)


async def test_after_a_reload_it_tells_of_what_is_watched_now(tmp_path: Path) -> None:
    port = free_port()
    web = f"web: {{listen: '127.0.0.1:{port}'}}"
    async with opsbot(tmp_path, web) as at:
        await at.until(port, 200)
        await at.says(port, 'opsbot_target_disk_free_bytes{target="machine"}')
        at.file.write_text(TEXT.format(web=web).replace("machine:", "host:"))
        at.hangups.set()
        await at.says(port, 'opsbot_target_disk_free_bytes{target="host"}')


async def test_a_port_that_is_taken_keeps_nothing_else_from_starting(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        async with opsbot(tmp_path, f"web: {{listen: '127.0.0.1:{port}'}}"):
            alerts = tmp_path / "alerts.log"

            async def told() -> bool:
                return alerts.exists() and f"cannot listen on 127.0.0.1:{port}" in alerts.read_text()

            await eventually_asked(told)
