"""Units of the sandbox's systemd, and supervisors over them, as opsbot after opsbot would make them."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from pathlib import Path

from opsbot.clock import SystemClock
from opsbot.domain.process import Running
from opsbot.supervisors import _proc
from opsbot.supervisors.base import SupervisorContext
from opsbot.supervisors.systemd import Options, Scope, SystemdSupervisor
from tests.bound import BOUND
from tests.supervisors.helpers import TARGET
from tests.supervisors.systemd.sandbox import INSIDE

UNITS = Path("/run/systemd/system")
PAUSE = 0.03
_numbers = itertools.count(1)

PROGRAM = "program.py"
PRELUDE = """import os, signal, socket, sys
def tell(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
"""


class UnitPlace:
    """One unit, whose program has a folder of its own in its command line. `scope: user` wants a systemd of
    that user, whose units are in `units`."""

    def __init__(
        self, folder: Path, *, name: str = "", scope: Scope = Scope.SYSTEM, units: Path = UNITS
    ) -> None:
        assert INSIDE, "units are made in the sandbox only"
        self.folder, self.scope, self.units, self.clock = folder, scope, units, SystemClock()
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name or f"test-{os.getpid()}-{next(_numbers)}.service"
        self.file = units / self.name
        self.write()

    def command(self, *modes: str) -> str:
        return " ".join([sys.executable, "-I", "-S", str(TARGET), str(self.folder), *modes])

    def program(self, text: str) -> str:
        """A command line that runs Python text, which can `tell` systemd things (sd_notify(3))."""
        path = self.folder / PROGRAM
        path.write_text(PRELUDE + text)
        return f"{sys.executable} -I -S {path}"

    def write(self, *modes: str, unit: str = "", install: str = "", **service: str) -> None:
        """Writes its file: `Type="notify"` and the like replace or join what is usual."""
        settings = {"ExecStart": self.command(*modes), "SyslogIdentifier": "target", **service}
        lines = [f"{key}={value}" for key, value in settings.items()]
        text = ["[Unit]", unit, "[Service]", *lines, *(["[Install]", install] if install else [])]
        self.units.mkdir(parents=True, exist_ok=True)
        known = self.file.exists()
        self.file.write_text("\n".join(text) + "\n")
        if known:  # a new one is found by itself
            self.systemctl("daemon-reload")

    def systemctl(self, verb: str, *words: str) -> str:
        """What a person does by hand."""
        user = ["--user"] if self.scope is Scope.USER else []
        done = subprocess.run(["systemctl", *user, verb, *words], capture_output=True, text=True)
        return done.stdout + done.stderr

    def by_hand(self, verb: str, *words: str) -> str:
        """The same, to this unit."""
        return self.systemctl(verb, *words, self.name)

    def says(self, name: str) -> str:
        """One property of the unit."""
        return self.by_hand("show", "--value", f"--property={name}").strip()

    def supervisor(self, name: str = "") -> SystemdSupervisor:
        context = SupervisorContext(target="bot", clock=self.clock, directory=self.folder / "state")
        return SystemdSupervisor(Options(unit=name or self.name, scope=self.scope), context)

    def copies(self) -> list[int]:
        """Pids of live processes with this place's command line, children included."""
        own = (str(self.folder), str(self.folder / PROGRAM))
        found = [pid for pid in _proc.pids() if {*own} & {*_proc.argv(pid)}]
        return [pid for pid in found if (stat := _proc.stat(pid)) and stat.state not in _proc.DEAD]

    async def text(self) -> list[str]:
        return await self.supervisor().tail(20)

    async def ready(self, running: Running) -> None:
        """The target has set itself up."""
        await self.said(f"ready {running.process.pid}")

    async def said(self, word: str) -> str:
        """The newest line of output with a word in it, as soon as there is one."""
        async with asyncio.timeout(BOUND):
            while True:
                found = [line for line in await self.text() if word in line]
                if found:
                    return found[-1]
                await asyncio.sleep(PAUSE)

    async def state(self, state: str) -> None:
        """Waits until systemd calls the unit so (`ActiveState` or `SubState`)."""
        async with asyncio.timeout(BOUND):
            while True:
                if state in (self.says("ActiveState"), self.says("SubState")):
                    return
                await asyncio.sleep(PAUSE)

    async def close(self) -> None:
        self.by_hand("kill", "--signal=SIGKILL")
        self.by_hand("stop")
        self.by_hand("reset-failed")
        self.file.unlink(missing_ok=True)
