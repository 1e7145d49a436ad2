"""The supervisor `docker` in the contract, over a real engine."""

from __future__ import annotations

import signal
from pathlib import Path

from opsbot.domain.process import Running
from opsbot.supervisors.base import Supervisor
from tests.supervisors.docker.box import Box, crash
from tests.supervisors.docker.sandbox import sandbox


class DockerHarness:
    """One container."""

    def __init__(self, folder: Path) -> None:
        self.box = Box(sandbox(), folder).create()

    def supervisor(self) -> Supervisor:
        return self.box.supervisor()

    async def ready(self, running: Running) -> None:
        await self.box.ready(running)

    def crash(self, running: Running) -> None:
        crash(running)

    def leave(self, running: Running) -> None:
        crash(running, signal.SIGUSR1)

    def break_start(self) -> None:
        self.box.create("/nonexistent/program")

    def copies(self) -> int:
        return len(self.box.pids())

    async def close(self) -> None:
        await self.box.close()
