"""The target's process: is it there, and what does it take."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import model_validator

from opsbot.checks import _command, _proc
from opsbot.checks._memory import memory_limit
from opsbot.checks._watch import DeathWatch
from opsbot.checks.base import CheckContext, CheckOptions
from opsbot.domain.levels import Outcome
from opsbot.domain.process import ProcessId
from opsbot.domain.sample import Finding, Observation

SECTION = "Discord Bot Process"

FIRST_INTERVAL = 0.1
"""Seconds over which a single look measures the CPU."""

MEGABYTE = 1_048_576  # ps and the guide's script say MB for 1024 * 1024


PID_BYTES = 64
"""So much of a pid file is read."""


class Options(CheckOptions):
    """Where to look when the supervisor has no word: a file with the pid, or the command line
    (`python -m src.main`; a wrapper such as `poetry run` before it is seen through) and its folder."""

    pid_file: Path | None = None
    command: str | list[str] | None = None
    cwd: Path | None = None

    @model_validator(mode="after")
    def _needs_a_command(self) -> Options:
        if self.command is not None and not _words(self.command):
            raise ValueError("`command` is empty: give the command line as you would type it")
        if self.cwd is not None and self.command is None:
            raise ValueError("`cwd` narrows down `command`: give that too")
        return self


def metrics(options: Options) -> Mapping[str, str]:  # noqa: ARG001 - the same whatever the options
    """The metrics of every process check."""
    return {
        "process_up": "1 while the process runs, else 0",
        "cpu_percent": "CPU over the last interval, % of one core (can exceed 100)",
        "cpu_machine_percent": "the same, % of the machine's cores together",
        "memory_percent": "RSS, % of the machine's memory or of the cgroup's limit when there is one",
        "rss_bytes": "resident memory, bytes",
        "vms_bytes": "virtual memory, bytes",
        "threads": "threads",
        "open_fds": "open file descriptors (absent when opsbot's user may not count them)",
        "process_uptime_seconds": "seconds since the process started",
    }


def build(options: Options, context: CheckContext) -> ProcessCheck:
    """Makes the check."""
    return ProcessCheck(options, context)


@dataclass(slots=True)
class _Known:
    """The process being watched; `cpu`: (seconds of CPU, when) at the last look."""

    identity: ProcessId
    handle: psutil.Process
    memory_limit: int
    watch: DeathWatch | None = None
    cpu: tuple[float, float] | None = None


class ProcessCheck:
    """Looks at one process, and wakes the scheduler in the moment it ends."""

    def __init__(self, options: Options, context: CheckContext) -> None:
        self._options = options
        self._context = context
        self._command = _words(options.command) if options.command else []
        self._known: _Known | None = None
        self._last_pid = 0

    @property
    def identity(self) -> ProcessId | None:
        """The process as the last look found it."""
        return self._known.identity if self._known else None

    async def look(self) -> Observation:
        """Finds the process and reads what it takes."""
        identity = self._said() or self._still_there() or await self._searched()
        if identity is None or not self._take(identity):
            return self._gone()
        assert self._known is not None
        if self._known.cpu is None and self._context.one_shot:
            self._measure_cpu(self._known)
            await self._context.clock.sleep(FIRST_INTERVAL)
        try:
            return self._read(self._known)
        except (psutil.NoSuchProcess, psutil.ZombieProcess, ProcessLookupError):
            return self._gone()

    async def close(self) -> None:
        """Stops watching."""
        self._forget()

    def _said(self) -> ProcessId | None:
        said = self._context.process()
        return said if said and said.boot_id == self._context.clock.boot_id and _alive(said) else None

    def _still_there(self) -> ProcessId | None:
        """The process that was found at the last look, unless the pid file names another one by now."""
        known = self._known
        if known is None or not _alive(known.identity):
            return None
        named = self._pid_of_file()
        return known.identity if named in (None, known.identity.pid) else None

    async def _searched(self) -> ProcessId | None:
        pid = self._pid_of_file()
        if pid is not None and (found := self._identity(pid)):
            return found
        if not self._command:
            return None
        cwd = str(self._options.cwd or "")
        if self._context.one_shot:
            pids = _command.find(self._command, cwd)
        else:  # a look at every process of the machine
            pids = await asyncio.to_thread(_command.find, self._command, cwd)
        return self._identity(pids[0]) if pids else None

    def _pid_of_file(self) -> int | None:
        if self._options.pid_file is None:
            return None
        try:
            pid = int(_first_bytes(self._options.pid_file).split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if pid > 0 and pid != os.getpid() else None

    def _identity(self, pid: int) -> ProcessId | None:
        ticks = _proc.start_ticks(pid)
        return None if ticks is None else ProcessId(self._context.clock.boot_id, pid, ticks)

    def _take(self, identity: ProcessId) -> bool:
        """Makes it the watched process; False when it ended meanwhile."""
        if self._known is not None and self._known.identity == identity:
            return True
        self._forget()
        try:
            handle = psutil.Process(identity.pid)
        except psutil.Error:
            return False
        self._known = _Known(identity, handle, memory_limit(identity.pid), self._watched(identity.pid))
        self._last_pid = identity.pid
        return _alive(identity)  # read again: only now is the pid held by handle and watch

    def _watched(self, pid: int) -> DeathWatch | None:
        if self._context.one_shot:
            return None
        try:
            return DeathWatch(pid, self._context.wake)
        except OSError:
            return None

    def _forget(self) -> None:
        if self._known is not None and self._known.watch is not None:
            self._known.watch.close()
        self._known = None

    def _gone(self) -> Observation:
        self._forget()
        text = "not running"
        if self._last_pid:
            text += f" (PID {self._last_pid} has ended)"
        found = (Finding(Outcome.FAIL, "Process", text),)
        return Observation(Outcome.FAIL, f"process {text}", {"process_up": 0.0}, found)

    def _measure_cpu(self, known: _Known) -> float | None:
        """% of one core since the last look; None at the first."""
        now = self._context.clock.now().mono
        used = _cpu_seconds(known)
        before, known.cpu = known.cpu, (used, now)
        if before is None or now <= before[1]:
            return None
        return max(0.0, (used - before[0]) / (now - before[1]) * 100)

    def _read(self, known: _Known) -> Observation:
        values: dict[str, float] = {"process_up": 1.0}
        with known.handle.oneshot():
            memory = known.handle.memory_info()
            values["threads"] = float(known.handle.num_threads())
        values["rss_bytes"], values["vms_bytes"] = float(memory.rss), float(memory.vms)
        values["memory_percent"] = memory.rss / known.memory_limit * 100
        with contextlib.suppress(psutil.AccessDenied):
            values["open_fds"] = float(known.handle.num_fds())
        started = _proc.started_at(known.identity.start_ticks)
        values["process_uptime_seconds"] = max(0.0, self._context.clock.now().mono - started)
        cpu = self._measure_cpu(known)
        if cpu is not None:
            values["cpu_percent"] = cpu
            values["cpu_machine_percent"] = cpu / (psutil.cpu_count() or 1)
        if not _alive(known.identity):
            return self._gone()
        return self._seen(known, values)

    def _seen(self, known: _Known, values: Mapping[str, float]) -> Observation:
        cpu = f"{values['cpu_percent']:.1f}%" if "cpu_percent" in values else "not yet known"
        text = (
            f"PID: {known.identity.pid}, CPU: {cpu}, MEM: {values['memory_percent']:.1f}%, "
            f"RSS: {values['rss_bytes'] / MEGABYTE:.0f}MB"
        )
        detail = text
        if known.watch is None and not self._context.one_shot:
            detail += "; no pidfd here: its end is seen at the next look only"
        return Observation(Outcome.OK, detail, values, (Finding(Outcome.OK, "Process", text),))


def _alive(identity: ProcessId) -> bool:
    return _proc.start_ticks(identity.pid) == identity.start_ticks


def _first_bytes(path: Path) -> bytes:
    """The beginning of a regular file. The target writes it: a pipe or a device in its place must not hold
    opsbot up. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
        return os.read(descriptor, PID_BYTES)
    finally:
        os.close(descriptor)


def _words(command: str | list[str]) -> list[str]:
    try:
        return _command.words(command)
    except ValueError as error:
        raise ValueError(f"`{command}` is no command line: {error}") from None


def _cpu_seconds(known: _Known) -> float:
    """CPU that the process has used. Linux: its CPU clock (clock_getcpuclockid(3)), in nanoseconds and for
    one system call; psutil reads ticks of 10 ms."""
    try:
        return time.clock_gettime((~known.identity.pid << 3) | 2)
    except OSError:
        times = known.handle.cpu_times()
        return float(times.user + times.system)
