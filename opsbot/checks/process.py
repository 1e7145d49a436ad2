"""The target's process: is it there, and what does it take."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
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
        "process_pid": "the process's id (absent while it does not run)",
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
    memory_limit: int
    watch: DeathWatch | None = None
    cpu: tuple[float, float] | None = None
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)


class ProcessCheck:
    """Looks at one process, and wakes the scheduler in the moment it ends."""

    def __init__(self, options: Options, context: CheckContext) -> None:
        self._options = options
        self._context = context
        self._command = _words(options.command) if options.command else []
        self._known: _Known | None = None
        self._looks: _proc.Looks | None = None
        self._last_pid = 0

    @property
    def identity(self) -> ProcessId | None:
        """The process as the last look found it."""
        return self._known.identity if self._known else None

    def glance(self) -> Observation | None:
        """What a look sees of a process that is known, without waiting; None: it has to be looked for."""
        if self._context.one_shot:
            return None
        try:
            identity = self._said() or self._still_there()
            return self._seen(identity) if identity else None
        except ProcessLookupError:
            return self._gone()

    async def look(self) -> Observation:
        """Finds the process and reads what it takes."""
        try:
            identity = self._said() or self._still_there() or await self._searched()
            if identity is None:
                return self._gone()
            if self._context.one_shot:
                await self._measure_first(identity)
            return self._seen(identity)
        except ProcessLookupError:
            return self._gone()

    async def close(self) -> None:
        """Stops watching."""
        self._forget()

    def _said(self) -> ProcessId | None:
        said = self._context.process()
        return said if said and said.boot_id == self._context.clock.boot_id and self._alive(said) else None

    def _still_there(self) -> ProcessId | None:
        """The process that was found at the last look, unless the pid file names another one by now."""
        known = self._known
        if known is None or not self._alive(known.identity):
            return None
        named = self._pid_of_file()
        return known.identity if named in (None, known.identity.pid) else None

    def _alive(self, identity: ProcessId) -> bool:
        """Whether that very process lives; how it looks is kept for `_seen`."""
        self._looks = _proc.looks(identity.pid)
        return self._looks is not None and self._looks.ticks == identity.start_ticks

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
        self._looks = looks = _proc.looks(pid)
        return None if looks is None else ProcessId(self._context.clock.boot_id, pid, looks.ticks)

    def _take(self, identity: ProcessId) -> _Known:
        """Makes it the watched process. Raises ProcessLookupError when it ended meanwhile."""
        if self._known is not None and self._known.identity == identity:
            return self._known
        self._forget()
        self._known = _Known(identity, memory_limit(identity.pid), self._watched(identity.pid))
        self._last_pid = identity.pid
        if not self._alive(identity):  # read again: only now its end is watched
            raise ProcessLookupError(identity.pid)
        return self._known

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

    async def _measure_first(self, identity: ProcessId) -> None:
        known = self._take(identity)
        if known.cpu is None:
            self._measure_cpu(known, self._context.clock.now().mono)
            await self._context.clock.sleep(FIRST_INTERVAL)
            if not self._alive(identity):
                raise ProcessLookupError(identity.pid)

    def _measure_cpu(self, known: _Known, now: float) -> float | None:
        """% of one core since the last look; None at the first."""
        used = _cpu_seconds(known.identity.pid)
        before, known.cpu = known.cpu, (used, now)
        if before is None or now <= before[1]:
            return None
        return max(0.0, (used - before[0]) / (now - before[1]) * 100)

    def _seen(self, identity: ProcessId) -> Observation:
        """What the process takes. Raises ProcessLookupError when it ended meanwhile."""
        known, now = self._take(identity), self._context.clock.now().mono
        looks = self._looks
        assert looks is not None
        vms, rss = _proc.memory(identity.pid)
        if not vms and not self._alive(identity):
            raise ProcessLookupError(identity.pid)
        percent = rss / known.memory_limit * 100
        values: dict[str, float] = {
            "process_up": 1.0,
            "process_pid": float(identity.pid),
            "threads": float(looks.threads),
            "rss_bytes": float(rss),
            "vms_bytes": float(vms),
            "memory_percent": percent,
        }
        files = _proc.open_files(identity.pid)
        if files is not None:
            values["open_fds"] = float(files)
        values["process_uptime_seconds"] = max(0.0, now - _proc.started_at(identity.start_ticks))
        cpu, said = self._measure_cpu(known, now), "not yet known"
        if cpu is not None:
            values["cpu_percent"] = cpu
            values["cpu_machine_percent"] = cpu / known.cores
            said = f"{cpu:.1f}%"
        text = f"PID: {identity.pid}, CPU: {said}, MEM: {percent:.1f}%, RSS: {rss / MEGABYTE:.0f}MB"
        detail = text
        if known.watch is None and not self._context.one_shot:
            detail += "; no pidfd here: its end is seen at the next look only"
        return Observation(Outcome.OK, detail, values, (Finding(Outcome.OK, "Process", text),))


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


def _cpu_seconds(pid: int) -> float:
    """CPU that the process has used. Linux: its CPU clock (clock_getcpuclockid(3)), in nanoseconds and for
    one system call; psutil reads ticks of 10 ms. Raises ProcessLookupError when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.NoSuchProcess as gone:
            raise ProcessLookupError(pid) from gone
        return float(times.user + times.system)
