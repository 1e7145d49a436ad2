"""Which process each supervised target is, at every moment; its death is told at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from opsbot.clock import Clock
from opsbot.domain.process import ProcessId, Running
from opsbot.engine.inputs import Input, ProcessEnded, ProcessFound, ProcessMissing
from opsbot.errors import SupervisorError
from opsbot.runtime.waiting import wait_until
from opsbot.supervisors.base import Supervisor

LOOK_AGAIN = 1.0
"""Seconds between two searches for a target that does not run (somebody may start it by hand)."""

log = structlog.get_logger("opsbot.processes")


@dataclass(slots=True)
class Processes:
    """Watches every supervised target."""

    supervisors: Mapping[str, Supervisor]
    clock: Clock
    post: Callable[[Input], Awaitable[object]]
    _current: dict[str, Running] = field(default_factory=dict)
    _started: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._started = {name: asyncio.Event() for name in self.supervisors}

    def current(self, target: str) -> ProcessId | None:
        """The target's process, or None while it does not run."""
        running = self._current.get(target)
        return running.process if running else None

    def running(self, target: str) -> Running | None:
        """The target as it runs, or None."""
        return self._current.get(target)

    def started(self, target: str, running: Running) -> None:
        """The remediator has started it."""
        self._current[target] = running
        self._started[target].set()

    async def run(self) -> None:
        """Watches until cancelled."""
        async with asyncio.TaskGroup() as watches:
            for name, supervisor in self.supervisors.items():
                watches.create_task(self._watch(name, supervisor))

    async def _watch(self, target: str, supervisor: Supervisor) -> None:
        while True:
            self._started[target].clear()
            running = self._current.get(target) or await self._find(target, supervisor)
            if running is None:
                await wait_until(self._started[target], self.clock, LOOK_AGAIN)
                continue
            self._current[target] = running
            await self.post(ProcessFound(target, running))
            ended = await supervisor.wait_exit(running)
            if self._current.get(target) == running:
                del self._current[target]
            await self.post(ProcessEnded(target, running, ended))
            # most ends are followed by a start at once: no search of the process list in its way
            await wait_until(self._started[target], self.clock, LOOK_AGAIN)

    async def _find(self, target: str, supervisor: Supervisor) -> Running | None:
        try:
            look = await supervisor.find()
        except (SupervisorError, OSError):
            log.warning("cannot look for the target", target=target, exc_info=True)
            return None
        if look.running is None:
            await self.post(ProcessMissing(target, look.last_exit))
        return look.running
