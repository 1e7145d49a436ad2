"""Who a process is: start ticks, command line, descendants. Linux reads /proc, elsewhere psutil does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()
_TICKS = os.sysconf("SC_CLK_TCK")
_STAT_BYTES = 4096  # 52 numbers and a name of at most 64 characters
_DEAD_STATES = ("Z", "X", "x")


def start_ticks(pid: int) -> int | None:
    """Clock ticks from boot to the process's start (proc(5), field 22); None when it is gone or a zombie:
    a zombie has ended, whatever `kill(pid, 0)` says."""
    if not HAS_PROC:
        return _start_ticks_by_psutil(pid)
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] not in _DEAD_STATES else None


def started_at(ticks: int) -> float:
    """The start in seconds since boot."""
    return ticks / _TICKS


def parent(pid: int) -> int:
    """The parent's pid, 0 when not known."""
    if HAS_PROC:
        fields = _stat(pid)
        return int(fields[1]) if fields else 0
    try:
        return psutil.Process(pid).ppid() or 0
    except psutil.Error:
        return 0


def command_line(pid: int) -> list[str]:
    """The arguments, [] when they cannot be read (gone, or a kernel thread)."""
    if not HAS_PROC:
        try:
            return list(psutil.Process(pid).cmdline())
        except psutil.Error:
            return []
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0")] if raw else []


def working_directory(pid: int) -> str:
    """The current folder, "" when it may not be read."""
    try:
        return psutil.Process(pid).cwd()
    except (psutil.Error, OSError):
        return ""


def pids() -> list[int]:
    """All processes' pids."""
    return psutil.pids()


def family(pid: int) -> list[int]:
    """The process and its descendants. Costs a look at every process of the machine."""
    children: dict[int, list[int]] = {}
    for other in pids():
        children.setdefault(parent(other), []).append(other)
    return list(_descend(pid, children))


def _descend(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, []):
        yield from _descend(child, children)


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the third (state) on; the second may hold anything, even `)`."""
    try:  # read several times a second: a Path and a text file cost five times as much
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = os.read(descriptor, _STAT_BYTES).decode(errors="replace")
    except OSError:  # ESRCH: it ended in between
        return None
    finally:
        os.close(descriptor)
    fields = text.rpartition(")")[2].split()
    return fields if len(fields) > 19 else None


def _start_ticks_by_psutil(pid: int) -> int | None:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return round((process.create_time() - psutil.boot_time()) * _TICKS)
    except psutil.Error:
        return None
