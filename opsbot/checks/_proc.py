"""Who a process is: start ticks, command line, descendants. Linux reads /proc, elsewhere psutil does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STAT_BYTES = 4096  # 52 numbers and a name of at most 64 characters
_DEAD_STATES = (b"Z", b"X", b"x")


class Looks(NamedTuple):
    """A living process at one moment. `ticks`: clock ticks from boot to its start."""

    ticks: int
    threads: int


def looks(pid: int) -> Looks | None:
    """How a process is, in one reading (proc(5), fields 20 and 22 of `stat`); None when it is gone or a
    zombie: a zombie has ended, whatever `kill(pid, 0)` says."""
    if not HAS_PROC:
        return _looks_by_psutil(pid)
    fields = _stat(pid)
    if fields is None or fields[0] in _DEAD_STATES:
        return None
    return Looks(int(fields[19]), int(fields[17]))


def start_ticks(pid: int) -> int | None:
    """Clock ticks from boot to the process's start; None when it is gone or a zombie."""
    found = looks(pid)
    return None if found is None else found.ticks


def memory(pid: int) -> tuple[int, int]:
    """Virtual and resident memory in bytes; 0 of a zombie. Of `statm`, because what `stat` says of it is only
    about so.

    Raises:
        ProcessLookupError: it is gone.
    """
    if not HAS_PROC:
        try:
            found = psutil.Process(pid).memory_info()
        except psutil.NoSuchProcess as gone:
            raise ProcessLookupError(pid) from gone
        return found.vms, found.rss
    text = _content(f"/proc/{pid}/statm")
    if not text:
        raise ProcessLookupError(pid)
    size, resident = text.split()[:2]
    return int(size) * _PAGE, int(resident) * _PAGE


def open_files(pid: int) -> int | None:
    """How many file descriptors it has open; None when they may not be counted.

    Raises:
        ProcessLookupError: it is gone.
    """
    try:
        if HAS_PROC:
            return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - each second: a Path costs five times as much
        return int(psutil.Process(pid).num_fds())
    except (FileNotFoundError, psutil.NoSuchProcess) as gone:
        raise ProcessLookupError(pid) from gone
    except (PermissionError, psutil.AccessDenied):
        return None


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


def _stat(pid: int) -> list[bytes] | None:
    """Fields of /proc/PID/stat from the third (state) on; the second may hold anything, even `)`."""
    fields = _content(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return fields if len(fields) > 19 else None


def _content(path: str) -> bytes:
    """A small file of /proc; empty when the process is gone."""
    try:  # read several times a second: a Path and a text file cost five times as much
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _STAT_BYTES)
    except OSError:  # ESRCH: it ended in between
        return b""
    finally:
        os.close(descriptor)


def _looks_by_psutil(pid: int) -> Looks | None:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        ticks = round((process.create_time() - psutil.boot_time()) * _TICKS)
        return Looks(ticks, process.num_threads())
    except psutil.Error:
        return None
