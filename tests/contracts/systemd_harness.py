"""The supervisor `systemd` in the contract. It takes part inside the sandbox only, where it is all that does:
tests/supervisors/systemd/test_under_systemd.py runs it there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from opsbot.domain.process import Running
from opsbot.supervisors.base import Supervisor
from tests.supervisors.systemd.sandbox import INSIDE
from tests.supervisors.systemd.units import UnitPlace


class SystemdHarness:
    """One unit of a real systemd."""

    def __init__(self, folder: Path) -> None:
        self.place = UnitPlace(folder)

    def supervisor(self) -> Supervisor:
        return self.place.supervisor()

    async def ready(self, running: Running) -> None:
        await self.place.ready(running)

    def crash(self, running: Running) -> None:
        os.kill(running.process.pid, signal.SIGKILL)

    def leave(self, running: Running) -> None:
        os.kill(running.process.pid, signal.SIGUSR1)

    def break_start(self) -> None:
        self.place.write(ExecStart="/nonexistent/program")

    def copies(self) -> int:
        return len(self.place.copies())

    async def close(self) -> None:
        await self.place.close()


INSIDE_ONLY = {"systemd": SystemdHarness} if INSIDE else {}
