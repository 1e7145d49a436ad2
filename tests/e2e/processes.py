"""Which processes belong to a test's folder, and waiting for what has no event."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

from opsbot.demo.scene import SERVICE
from opsbot.supervisors import _proc
from tests import nursery
from tests.bound import BOUND, rest

T = TypeVar("T")

POLL = 0.02

Explain = Callable[[], object]


async def eventually(look: Callable[[], T], bound: float = BOUND, *, explain: Explain = str) -> T:
    """Polls until the look is truthy; fails after `bound` seconds."""

    async def ask() -> T:
        return look()

    return await eventually_asked(ask, bound, explain=explain)


async def eventually_asked(
    look: Callable[[], Awaitable[T]], bound: float = BOUND, *, explain: Explain = str
) -> T:
    """The same for a look that takes a while."""
    began = time.monotonic()
    ends = began + bound
    while not (seen := await look()):
        assert time.monotonic() < ends, f"never became true within {bound:g} s: {explain() or look}"
        await asyncio.sleep(rest(began, POLL))
        began = time.monotonic()
    return seen


async def gone(pid: int, bound: float = BOUND) -> None:
    """Until a process has ended (pidfd)."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(fd, ended.set)
    try:
        async with asyncio.timeout(bound):
            await ended.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)


def services(folder: Path) -> list[int]:
    """The live stand-in services whose command line names `folder`."""
    return [pid for pid in _pids() if SERVICE in (argv := _argv(pid)) and str(folder) in argv and lives(pid)]


def family() -> frozenset[int]:
    """The children of this process, but for those that only give birth to others."""
    return frozenset(child.pid for child in psutil.Process().children(recursive=True)) - nursery.MOTHERS


def belonging(folder: Path, *, children: bool = True, others: frozenset[int] = frozenset()) -> list[str]:
    """Every live process, but this one, that has to do with `folder`: by its command line, its environment
    or a file that it holds open; and every child of this process but `others`, unless others' are among
    them."""
    found = {pid for pid in _pids() if str(folder) in _argv(pid) + _environ(pid) or _holds(pid, folder)}
    if children:
        found |= family() - others
    return [f"{pid} {_argv(pid)}" for pid in sorted(found - {os.getpid()}) if lives(pid)]


def kill_all(folder: Path, *, children: bool = True, others: frozenset[int] = frozenset()) -> None:
    """Ends what a failed test left behind."""
    for line in belonging(folder, children=children, others=others):
        with suppress(ProcessLookupError):
            os.kill(int(line.split()[0]), signal.SIGKILL)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208, it is looked at often


def _argv(pid: int) -> str:
    return _proc.command_line(pid).replace(b"\0", b" ").decode(errors="replace")


def _environ(pid: int) -> str:
    return _proc.read(f"/proc/{pid}/environ").replace(b"\0", b" ").decode(errors="replace")


def lives(pid: int) -> bool:
    """Whether a process is there, and not only its exit status."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _holds(pid: int, folder: Path) -> bool:
    fds = Path(f"/proc/{pid}/fd")
    with suppress(OSError):
        for fd in fds.iterdir():
            with suppress(OSError):
                if str(fd.readlink()).startswith(f"{folder}/"):
                    return True
    return False
