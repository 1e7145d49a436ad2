"""What the supervisor's tests share: real targets, and waiting for what has no event."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import Running
from opsbot.supervisors import _proc
from opsbot.supervisors._search import command_of
from opsbot.supervisors.base import SupervisorContext
from opsbot.supervisors.process import Options, ProcessSupervisor
from tests.bound import BOUND

TARGET = Path(__file__).with_name("target.py")
CLONE3 = 435  # the same number on each architecture
T = TypeVar("T")


async def eventually(look: Callable[[], T], bound: float = BOUND) -> T:
    """Polls until the look is truthy; fails after `bound` seconds."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + bound
    while not (seen := look()):
        assert loop.time() < ends, f"never became true: {look}"
        await asyncio.sleep(0.005)
    return seen


class Place:
    """A folder with one target in it, and supervisors over it, as opsbot after opsbot would make them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.log = folder / "target.log"
        self.made: list[ProcessSupervisor] = []
        self.boot_id = SystemClock().boot_id

    def command(self, *modes: str) -> list[str]:
        """The folder in it makes the command line this test's own."""
        return [sys.executable, "-I", "-S", str(TARGET), str(self.folder), *modes]

    def options(self, *modes: str, **more: Any) -> Options:
        raw: dict[str, Any] = {
            "command": self.command(*modes),
            "cwd": self.folder,
            "log": self.log,
            "standby": False,
            **more,
        }
        return Options.model_validate({key: value for key, value in raw.items() if value is not ...})

    def supervisor(self, *modes: str, **more: Any) -> ProcessSupervisor:
        return self.over(self.options(*modes, **more))

    def over(self, options: Options) -> ProcessSupervisor:
        context = SupervisorContext(
            target="bot",
            clock=SystemClock(),
            directory=self.state,
            hidden_env=frozenset({"OPSBOT_DISCORD_TOKEN"}),
        )
        self.made.append(ProcessSupervisor(options, context))
        return self.made[-1]

    def copies(self) -> list[int]:
        """Pids of live processes with this test's command line, workers included."""
        name = str(self.folder)
        return [pid for pid in _proc.pids() if name in _proc.words(command_of(pid)) and _living(pid)]

    def mains(self) -> list[int]:
        """The copies without their workers and without what they are started through."""
        pids = {pid for pid in self.copies() if _proc.argv(pid)[1:2] == ("-I",)}
        return sorted(pid for pid in pids if (s := _proc.stat(pid)) and s.parent not in pids)

    def text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    async def ready(self, pid: int) -> None:
        """The target has set itself up."""
        await eventually(lambda: f"ready {pid}\n" in self.text())

    def token(self) -> str:
        path = self.state / "token"
        return path.read_text() if path.exists() else "none"

    def ours(self) -> list[int]:
        """Every process that this test's targets started: by their cookie or command line."""
        marked = [p for p in _proc.pids() if (c := _proc.cookie(p)) and c.token == self.token()]
        return sorted({*marked, *self.copies()})

    async def close(self) -> None:
        for pid in self.ours():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for supervisor in self.made:
            await supervisor.close()


def _living(pid: int) -> bool:
    stat = _proc.stat(pid)
    return stat is not None and stat.state not in _proc.DEAD


def kill(running: Running, number: int = signal.SIGKILL) -> None:
    os.kill(running.process.pid, number)


def alive(pid: int) -> bool:
    return _living(pid)


@asynccontextmanager
async def by_hand(
    place: Place, argv: list[str] | None = None, copies: int = 1, **more: Any
) -> AsyncIterator[int]:
    """Somebody starts the target; yields its pid (of the real child, when through a wrapper) when `copies`
    more processes than before have its command line."""
    known = set(place.copies())
    more = {"cwd": place.folder, "stdout": subprocess.DEVNULL, **more}
    with subprocess.Popen(argv or place.command(), **more) as child:
        try:
            yield await eventually(lambda: _begun(place, known, copies))
        finally:
            for pid in place.copies():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            child.kill()


def _begun(place: Place, known: set[int], copies: int) -> int:
    new = [pid for pid in place.mains() if pid not in known]
    return new[0] if new and len(set(place.copies()) - known) >= copies else 0


def needs(possible: bool, reason: str) -> None:
    """Skips a test that cannot run here; where all tests must run, it fails instead."""
    if not possible:
        assert not os.environ.get("OPSBOT_TEST_REQUIRE_ALL"), reason
        pytest.skip(reason)


class Bystander:
    """A program that has nothing to do with any target, with the pid that was asked for (clone3, `set_tid`).

    The kernel's counter of pids stays where it is: moved back to this pid (`ns_last_pid`), it would give this
    pid to whatever another test starts at that moment.
    """

    def __init__(self, pid: int) -> None:
        tid = ctypes.c_int(pid)
        words = [0] * 11
        words[4], words[8], words[9] = (
            signal.SIGCHLD,
            ctypes.addressof(tid),
            1,
        )  # exit_signal, set_tid, and its size
        clone_args = (ctypes.c_uint64 * len(words))(*words)
        libc = ctypes.PyDLL(None, use_errno=True)  # keeps the GIL, which the child could not get any more
        self.pid: int = libc.syscall(CLONE3, clone_args, ctypes.sizeof(clone_args))
        if not self.pid:
            os.execvp("sleep", ["sleep", "1000"])
        self.errno = ctypes.get_errno() if self.pid < 0 else 0

    def alive(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@contextmanager
def another_program_with(pid: int) -> Iterator[Bystander]:
    """A pid that has become free is given to another program, as happens when the pids have gone round."""
    bystander = Bystander(pid)
    needs(
        bystander.errno not in (errno.EPERM, errno.ENOSYS),
        "a certain pid can be had only by root, on Linux from 5.5 on (clone3(2))",
    )
    assert bystander.pid == pid, os.strerror(bystander.errno)
    try:
        yield bystander
    finally:
        bystander.end()
