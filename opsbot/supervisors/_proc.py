"""One look at one process: /proc where there is one, psutil elsewhere. None means gone or not readable.

Where no descriptor is left to look with, nothing is known: that is an error, never an absence.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from opsbot.domain.process import ProcessId
from opsbot.errors import SupervisorError

LINUX = os.path.isdir("/proc/self")
COOKIE = b"OPSBOT_COOKIE="
DEAD = frozenset({"Z", "X", "x"})
"""States of a process that has ended and waits to be reaped (proc(5)): dead, whatever kill(pid, 0) says."""

_CHUNK = 65536
_WHOLE = 2048
_PSUTIL_TICKS = 100.0


@dataclass(frozen=True, slots=True)
class Stat:
    """`start_ticks` and `state` as in /proc/PID/stat; `group`: its process group."""

    pid: int
    state: str
    parent: int
    group: int
    session: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class Cookie:
    """What the keeper put into the environment: whose process this is. `main`: pid of the target itself."""

    token: str
    generation: int
    main: int


def pids() -> Iterator[int]:
    """All processes, lowest first.

    Raises:
        SupervisorError: transient, no descriptor is left.
    """
    try:
        return iter(psutil.pids())
    except OSError as error:
        if unseeing := blind(error):
            raise unseeing from error
        raise


def stat(pid: int) -> Stat | None:
    """State, parent, session and start of a process."""
    if not LINUX:
        return _stat_elsewhere(pid)
    raw = read(f"/proc/{pid}/stat")
    if not raw:
        return None
    fields = raw[raw.rfind(b")") + 2 :].split()
    return Stat(pid, fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def identify(pid: int, boot_id: str) -> ProcessId | None:
    """The identity of a live process."""
    seen = stat(pid)
    return ProcessId(boot_id, pid, seen.start_ticks) if seen and seen.state not in DEAD else None


def alive(process: ProcessId, boot_id: str) -> bool:
    """Whether this very process runs: neither a zombie nor another one with its pid."""
    return process.boot_id == boot_id and identify(process.pid, boot_id) == process


def argv(pid: int) -> tuple[str, ...]:
    """The command line; empty for kernel threads, zombies and what may not be read."""
    if not LINUX:
        return _argv_elsewhere(pid)
    return words(command_line(pid))


def command_line(pid: int) -> bytes:
    """The command line as the kernel has it, each word ended by NUL."""
    return read(f"/proc/{pid}/cmdline") if LINUX else b"\0".join(map(os.fsencode, _argv_elsewhere(pid)))


def words(command: bytes) -> tuple[str, ...]:
    """A command line as words."""
    return tuple(map(os.fsdecode, command.rstrip(b"\0").split(b"\0"))) if command else ()


def cookie(pid: int) -> Cookie | None:
    """The mark of a keeper, None when there is none or the environment may not be read."""
    raw = read(f"/proc/{pid}/environ") if LINUX else b""
    if COOKIE not in raw:
        return None
    for entry in raw.split(b"\0"):
        if entry.startswith(COOKIE):
            token, _, rest = entry[len(COOKIE) :].decode(errors="replace").partition(".")
            generation, _, main = rest.partition(".")
            return Cookie(token, _number(generation), _number(main))
    return None


def executable(pid: int) -> str | None:
    """The program file, also when it was replaced since."""
    try:
        return (
            os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)") if LINUX else psutil.Process(pid).exe()
        )
    except (OSError, psutil.Error):
        return None


def folder(pid: int) -> str | None:
    """The working folder."""
    try:
        return os.readlink(f"/proc/{pid}/cwd") if LINUX else psutil.Process(pid).cwd()
    except (OSError, psutil.Error):
        return None


def owner(pid: int) -> int | None:
    """The user id it runs as."""
    try:
        return os.stat(f"/proc/{pid}").st_uid if LINUX else psutil.Process(pid).uids().effective
    except (OSError, psutil.Error):
        return None


def read(path: str) -> bytes:
    """A file of /proc, empty when it cannot be read.

    Raises:
        SupervisorError: transient, no descriptor is left.
    """
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError as error:
        if unseeing := blind(error):
            raise unseeing from error
        return b""
    try:
        first = os.read(fd, _CHUNK)
        if len(first) < _WHOLE:  # the kernel gives what there is, up to a page and more: no second read
            return first
        parts = [first]
        while part := os.read(fd, _CHUNK):
            parts.append(part)
        return b"".join(parts)
    except OSError:  # it ended between the two
        return b""
    finally:
        os.close(fd)


def blind(error: OSError) -> SupervisorError | None:
    """What to raise where an error only means that no descriptor is left; None for every other error."""
    if error.errno not in (errno.EMFILE, errno.ENFILE):
        return None
    return SupervisorError(
        "No process can be looked at: no file descriptor is left. Raise opsbot's limit (`ulimit -n`)."
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _stat_elsewhere(pid: int) -> Stat | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "S"
            ticks = round(process.create_time() * _PSUTIL_TICKS)
            return Stat(pid, state, process.ppid(), os.getpgid(pid), os.getsid(pid), ticks)
    except (psutil.Error, OSError):
        return None


def _argv_elsewhere(pid: int) -> tuple[str, ...]:
    try:
        return tuple(psutil.Process(pid).cmdline())
    except (psutil.Error, OSError):
        return ()
