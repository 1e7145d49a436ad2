"""A supervisor in memory: targets that start, crash and are started by hand as a test scripts it."""

from __future__ import annotations

import asyncio
import itertools
import signal as signals
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.process import Exit, Holder, ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.supervisors.base import Look


@dataclass(slots=True)
class FakeHost:
    """The simulated machine: it outlives a supervisor, as real processes outlive opsbot.

    `started`: generations in the order of starts; `copies`: most that ran at once (a supervisor must never
    make it 2). Script: `failures` are raised by the next starts, one each; `start_seconds` a start takes;
    `stubborn`: SIGTERM does not end it; `kept`: whether exit statuses can be known; `leftovers`: processes
    that a sweep ends; `restarting`: somebody else is about to start it;
    `unswept`: what holds a port withstands a sweep; `log`: the file that its keeper writes.
    """

    clock: Clock
    running: Running | None = None
    last_exit: Exit | None = None
    started: list[int] = field(default_factory=list)
    stopped: list[ProcessId] = field(default_factory=list)
    failures: list[SupervisorError] = field(default_factory=list)
    candidates: list[tuple[ProcessId, str]] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    holders: dict[int, Holder] = field(default_factory=dict)
    start_seconds: float = 0.0
    stubborn: bool = False
    kept: bool = True
    leftovers: int = 0
    restarting: bool = False
    unswept: bool = False
    log: Path | None = None
    copies: int = 0
    exits: dict[ProcessId, asyncio.Future[Exit]] = field(default_factory=dict)
    _pids: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))

    def launch(self, generation: int = 0, *, by_hand: bool = False) -> Running:
        """A process starts; `by_hand`: somebody else started it."""
        pid = next(self._pids)
        process = ProcessId(self.clock.boot_id, pid, pid * 7)
        self.copies = max(self.copies, 1 + (self.running is not None))
        keeper = 0 if by_hand else pid - 1000 + 500
        self.running = Running(process, self.clock.now(), 0 if by_hand else generation, by_hand, keeper)
        self.exits[process] = asyncio.get_running_loop().create_future()
        return self.running

    def end(self, *, code: int | None = None, signal: int | None = None, cause: str = "") -> Exit:
        """The running process ends by itself, or by somebody else's signal."""
        return self._end(Exit(self.clock.now(), code=code, signal=signal, cause=cause))

    def crash(self, *, successor: float = 0.0) -> Exit:
        """The running process is killed; somebody else starts it again within `successor` seconds."""
        return self._end(Exit(self.clock.now(), signal=signals.SIGKILL, successor=successor))

    def _end(self, exit_: Exit) -> Exit:
        if self.running is None:
            raise AssertionError("no target runs that could end")
        process, keeper = self.running.process, self.running.keeper_pid
        if not (keeper and self.kept):
            exit_ = Exit(exit_.at, asked=exit_.asked)
        self.running, self.last_exit = None, exit_
        self.exits[process].set_result(exit_)
        return exit_

    def make_end(self, running: Running, number: int) -> Exit:
        """The target ends by a supervisor's signal."""
        self.stopped.append(running.process)
        return self._end(Exit(self.clock.now(), signal=number, asked=True))


class FakeSupervisor:
    """Supervises the one target of a `FakeHost`. Several may share a host, one after the other or at once."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host
        self.closed = False
        self._mine: set[ProcessId] = set()

    async def find(self) -> Look:
        await asyncio.sleep(0)
        running = self._seen()
        return Look(running, self.host.last_exit, () if running else tuple(self.host.candidates))

    async def start(self, generation: int) -> Running:
        await self.host.clock.sleep(self.host.start_seconds)
        if running := self._seen():
            return running
        if self.host.failures:
            raise self.host.failures.pop(0)
        self.host.started.append(generation)
        running = self.host.launch(generation)
        self._mine.add(running.process)
        return running

    async def adopt(self, process: ProcessId) -> Running:
        if self.host.running and self.host.running.process != process:
            raise SupervisorError("the target runs already", permanent=True)
        if process not in [candidate for candidate, _ in self.host.candidates]:
            raise SupervisorError(f"pid {process.pid} does not run any more", permanent=True)
        self.host.candidates.clear()
        self.host.running = Running(process, self.host.clock.now(), adopted=True)
        self.host.exits[process] = asyncio.get_running_loop().create_future()
        return self.host.running

    async def stop(self, running: Running, grace: float) -> Exit:
        if self._is_there(running):
            if not self.host.stubborn:
                return self.host.make_end(running, signals.SIGTERM)
            await self.host.clock.sleep(grace)
            if self._is_there(running):
                return self.host.make_end(running, signals.SIGKILL)
        return await self.wait_exit(running)

    async def forestall(self) -> None:
        if self.host.running is None:
            self.host.restarting = False

    async def wait_exit(self, running: Running) -> Exit:
        future = self.host.exits.get(running.process)
        if future is None:
            return Exit(self.host.clock.now())
        return await asyncio.shield(future)

    async def tail(self, lines: int) -> list[str]:
        return self.host.output[-lines:] if lines > 0 else []

    async def port_holder(self, port: int) -> Holder | None:
        return self.host.holders.get(port)

    async def sweep(self, ports: Sequence[int] = ()) -> int:
        if self.host.unswept:
            return 0
        ours = [port for port in ports if (who := self.host.holders.get(port)) and who.ours]
        swept, self.host.leftovers = self.host.leftovers + len(ours), 0
        for port in ours:
            del self.host.holders[port]
        return swept

    def own_log(self) -> Path | None:
        return self.host.log

    async def close(self) -> None:
        self.closed = True

    def _is_there(self, running: Running) -> bool:
        return self.host.running is not None and self.host.running.process == running.process

    def _seen(self) -> Running | None:
        running = self.host.running
        if running is None or running.process in self._mine:
            return running
        return Running(running.process, running.since, running.generation, True, running.keeper_pid)
