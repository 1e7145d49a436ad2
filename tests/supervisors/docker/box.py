"""One container and supervisors over it, as opsbot after opsbot would make them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from opsbot.clock import SystemClock
from opsbot.domain.process import Running
from opsbot.supervisors import _proc
from opsbot.supervisors._docker.options import Options
from opsbot.supervisors._docker.supervisor import DockerSupervisor
from opsbot.supervisors.base import SupervisorContext
from tests.bound import BOUND
from tests.supervisors.docker.sandbox import Sandbox
from tests.supervisors.helpers import eventually

IMAGE = "localhost/box:1"
NOBODY = 65534

PROGRAM = """
trap 'exit 143' TERM
trap 'exit 3' USR1
until [ -e /in/pid ]; do sleep 0.02; done
echo "ready $(cat /in/pid)"
while :; do sleep 1000 & wait; done
"""
"""As pid 1 of its namespace it ends by SIGTERM only because it says so. A container does not know its pid on
the host: it is told through a folder."""

STUBBORN = PROGRAM.replace("trap 'exit 143' TERM", "trap '' TERM")


class Box:
    """A container with a name of its own, in a folder of the test."""

    def __init__(self, engine: Sandbox, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.name = f"bot-{uuid.uuid4().hex[:12]}"
        self.state = folder / "state"
        self.told = folder / "in"
        self.told.mkdir()
        self.made: list[DockerSupervisor] = []

    def create(self, *command: str, program: str = PROGRAM, policy: str = "", **more: Any) -> Box:
        """Makes the container anew, stopped; by itself it runs `program` in a shell. `more`: `retries` of the
        policy, `stop_signal`, `tty`, and what else the engine takes as HostConfig."""
        self.remove()
        body = {
            "Image": IMAGE,
            "Cmd": list(command or ("sh", "-c", program, self.name)),
            "StopSignal": more.pop("stop_signal", ""),
            "Tty": more.pop("tty", False),
            "HostConfig": {
                "NetworkMode": "none",
                "Binds": [f"{self.told}:/in"],
                "RestartPolicy": {"Name": policy, "MaximumRetryCount": more.pop("retries", 0)},
                **more,
            },
        }
        self.engine.call("POST", f"containers/create?name={self.name}", body)
        return self

    def delete(self) -> None:
        """Somebody else removes it, running or not."""
        self.engine.call("DELETE", f"containers/{self.name}?force=1")

    def remove(self) -> None:
        """It is gone, if it was there. (Killed first: an engine asks four times a second only whether what it
        has killed is gone.)"""
        with suppress(OSError):
            if main := int(self.inspect()["State"]["Pid"]):
                os.kill(main, signal.SIGKILL)
        for _ in range(50):  # podman refuses while it is still clearing up after the death
            with suppress(OSError):
                self.delete()
            if not self.exists():
                break
        (self.told / "pid").unlink(missing_ok=True)

    def exists(self) -> bool:
        """Whether the engine knows it."""
        with suppress(OSError):
            return bool(self.inspect())
        return False

    def do(self, verb: str, **query: str) -> None:
        """Somebody else starts, stops, kills, pauses … it."""
        words = "&".join(f"{key}={value}" for key, value in query.items())
        self.engine.call("POST", f"containers/{self.name}/{verb}?{words}")

    def inspect(self) -> dict[str, Any]:
        found: dict[str, Any] = self.engine.call("GET", f"containers/{self.name}/json")
        return found

    def supervisor(self, url: str = "", **options: str) -> DockerSupervisor:
        """A fresh one, as after opsbot's restart."""
        given = {"container": self.name, "url": url or self.engine.url, **options}
        context = SupervisorContext(target="bot", clock=SystemClock(), directory=self.state)
        self.made.append(DockerSupervisor(Options.model_validate(given), context))
        return self.made[-1]

    async def ready(self, running: Running) -> None:
        """The target has set itself up."""
        fresh = self.told / "pid.new"
        fresh.write_text(str(running.process.pid))
        fresh.rename(self.told / "pid")
        supervisor = self.supervisor()
        ends = asyncio.get_running_loop().time() + BOUND
        while await supervisor.tail(1) != [f"ready {running.process.pid}"]:
            assert asyncio.get_running_loop().time() < ends, "the target never got ready"
            await asyncio.sleep(0.01)

    def pids(self) -> list[int]:
        """The processes that run this test's program, as the machine counts; one that its engine has started
        may not have become the program's shell yet, and what a shell has forked not yet another program."""
        shells = {pid for pid in _proc.pids() if _is_shell_of(self.name, pid)}
        found = {pid for pid in shells if (stat := _proc.stat(pid)) and stat.parent not in shells}
        with suppress(OSError):  # the engine is away
            found.add(int(self.inspect()["State"]["Pid"]))
        return sorted(found - {0})

    async def restarted(self, running: Running) -> int:
        """Waits until another process runs in its place, and returns that one's pid."""
        await eventually(lambda: [pid for pid in self.pids() if pid != running.process.pid])
        return self.pids()[0]

    async def close(self) -> None:
        for supervisor in self.made:
            await supervisor.close()
        self.remove()


def _is_shell_of(name: str, pid: int) -> bool:
    words = _proc.argv(pid)
    return bool(words) and words[0] == "sh" and words[-1] == name


@contextmanager
def as_nobody() -> Iterator[None]:
    """What a user may who is neither root nor in a group that counts."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def crash(running: Running, number: int = signal.SIGKILL) -> None:
    """Somebody kills the target's process, past its engine."""
    os.kill(running.process.pid, number)


def notes(box: Box) -> dict[str, Any]:
    """What opsbot has written down of the container's runs."""
    found: dict[str, Any] = json.loads((box.state / "docker.json").read_text())
    return found
