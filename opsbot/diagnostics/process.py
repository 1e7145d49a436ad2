"""The target's processes and the machine, as text. What a process says of itself is untrusted."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from opsbot import redact
from opsbot.diagnostics.base import NotCollected
from opsbot.diagnostics.cleaning import secrets_named_in
from opsbot.domain.process import ProcessId
from opsbot.text import bytes_text, readable, seconds_text

GONE = "the target does not run, or opsbot does not know which process it is"
MOST = 200
"""Processes of a tree that are told."""

LARGEST = 15
"""Processes of the machine that are told, by memory."""

_PRIVATE = "(not for this user)"
_DENIED = (psutil.AccessDenied, PermissionError)


def alive(pid: int | None, process: ProcessId | None) -> psutil.Process:
    """The target's process. `process`: who it must be, where that is known: a pid alone may be another's.

    Raises:
        NotCollected: it is gone.
    """
    if pid is None:
        raise NotCollected(GONE)
    if process is not None and _ticks(pid) not in (None, process.start_ticks):
        raise NotCollected(f"pid {pid} ended, and is another process now")
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        raise NotCollected(f"pid {pid} ended meanwhile") from None


def _ticks(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat (proc(5)); None where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def tree_of(root: psutil.Process) -> list[psutil.Process]:
    """The process and all below it."""
    try:
        return [root, *root.children(recursive=True)][:MOST]
    except psutil.Error:
        return [root]


def arguments(process: psutil.Process) -> str:
    """Its command line on one line. Each word is looked at by itself first: quoting would hide a secret from
    the eye that is to find it."""
    words = [redact.hide(readable(word)) for word in process.cmdline()]
    return shlex.join(words) if words else f"[{process.name()}]"


def processes_text(pid: int | None, known: ProcessId | None) -> str:
    """The target's process tree, if it runs, and the machine's summary."""
    try:
        tree = "\n\n".join(_process(one) for one in tree_of(alive(pid, known)))
    except NotCollected as why:
        tree = f"No process: {why}."
    return f"# The target's processes\n\n{tree}\n\n# The machine\n\n{machine_text()}\n"


def _process(process: psutil.Process) -> str:
    with process.oneshot():
        lines = [f"pid {process.pid}: {_said(lambda: arguments(process))}"]
        lines += [f"  {name}: {_said(look)}" for name, look in _facts(process)]
    return "\n".join(lines)


def _facts(process: psutil.Process) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "name", process.name
    yield "parent", process.ppid
    yield "user", process.username
    yield "state", process.status
    yield "started", lambda: _since(process.create_time())
    yield "processor time", lambda: seconds_text(sum(process.cpu_times()[:2]))
    yield "memory (RSS)", lambda: bytes_text(process.memory_info().rss)
    yield "threads", process.num_threads
    yield "open files", process.num_fds
    yield "folder", process.cwd
    yield "executable", process.exe


def _said(look: Callable[[], object]) -> str:
    try:
        return str(look())
    except _DENIED:
        return _PRIVATE
    except (psutil.Error, OSError):
        return "(gone)"


def _since(wall: float) -> str:
    when = datetime.fromtimestamp(wall, UTC)
    return f"{when:%Y-%m-%d %H:%M:%S} UTC, {seconds_text(max(0.0, time.time() - wall))} ago"


def machine_text() -> str:
    """Load, memory, disks and the largest processes by name: no arguments, they are other people's."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    lines = [
        f"up since: {_since(psutil.boot_time())}",
        f"processors: {psutil.cpu_count()}; load over 1, 5 and 15 min: {load}",
        f"memory: {bytes_text(memory.available)} of {bytes_text(memory.total)} available",
        f"swap: {bytes_text(swap.used)} of {bytes_text(swap.total)} used",
        *_disks(),
        "",
        f"The {LARGEST} largest processes (memory, pid, user, name):",
        *_largest(),
    ]
    return "\n".join(lines)


def _disks() -> Iterator[str]:
    for part in psutil.disk_partitions(all=False):
        try:
            use = psutil.disk_usage(part.mountpoint)
        except OSError:
            continue
        free = f"{bytes_text(use.free)} of {bytes_text(use.total)} free"
        yield f"disk {part.mountpoint} ({part.fstype}): {free}"


def _largest() -> list[str]:
    found = []
    for process in psutil.process_iter(["name", "username", "memory_info"]):
        info = process.info
        if info["memory_info"] is not None:
            found.append((info["memory_info"].rss, process.pid, info["username"], info["name"]))
    found.sort(reverse=True, key=lambda one: one[0])
    return [f"  {bytes_text(rss):>8}  {pid:>7}  {user}  {name}" for rss, pid, user, name in found[:LARGEST]]


def suspects(pid: int | None, known: ProcessId | None) -> set[str]:
    """What the target's environment and command lines call a secret: it may stand in its log, too, and opsbot
    never loaded it."""
    try:
        tree = tree_of(alive(pid, known))
    except NotCollected:
        return set()
    lines, variables = [], dict[str, str]()
    for process in tree:
        with suppress(psutil.Error, OSError):
            lines.append(" ".join(process.cmdline()))
        with suppress(psutil.Error, OSError):
            variables |= process.environ()
    return secrets_named_in(lines, variables.items())
