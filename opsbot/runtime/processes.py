"""Which process each supervised target is, at every moment; its death is told at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from opsbot.clock import Clock
from opsbot.domain.process import ProcessId, Running
from opsbot.engine.inputs import Input, ProcessEnded, ProcessFound, ProcessHidden, ProcessMissing
from opsbot.errors import SupervisorError, UsageError
from opsbot.runtime.waiting import wait_until
from opsbot.supervisors.base import Look, Supervisor

LOOK_AGAIN = 1.0
"""Seconds between two searches for a target that does not run (somebody may start it by hand)."""

log = structlog.get_logger("opsbot.processes")


@dataclass(slots=True)
class Processes:
    """Watches every supervised target. `stale`: by target, one that runs on as it was configured before,
    and what is to be said of it."""

    supervisors: Mapping[str, Supervisor]
    clock: Clock
    post: Callable[[Input], Awaitable[object]]
    stale: dict[str, tuple[ProcessId, str]] = field(default_factory=dict)
    _current: dict[str, Running] = field(default_factory=dict)
    _started: dict[str, asyncio.Event] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)
    _lookalikes: dict[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._started = {name: asyncio.Event() for name in self.supervisors}

    def go_on(self, before: Processes, targets: Iterable[str]) -> None:
        """Takes over which process each of these targets is: one that has ended meanwhile is told with its
        end, as ever."""
        for target in targets:
            running = before._current.get(target)
            if running is not None and target in self.supervisors:
                self._current[target] = running

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

    def _is(self, target: str, running: Running) -> bool:
        current = self._current.get(target)
        return current is not None and current.process == running.process

    async def run(self) -> None:
        """Watches until cancelled."""
        async with asyncio.TaskGroup() as watches:
            for name, supervisor in self.supervisors.items():
                watches.create_task(self._watch(name, supervisor))

    async def _watch(self, target: str, supervisor: Supervisor) -> None:
        while True:
            self._started[target].clear()
            running = self._current.get(target)
            if running is None:
                found = await self._find(target, supervisor)
                running = self._current.setdefault(target, found) if found else self._current.get(target)
            if running is not None:
                await self._attend(target, supervisor, running)
            # most ends are followed by a start at once: no search of the process list in its way
            await wait_until(self._started[target], self.clock, LOOK_AGAIN)

    async def _attend(self, target: str, supervisor: Supervisor, running: Running) -> None:
        """From a process's being there to its end."""
        await self.post(ProcessFound(target, running))
        try:
            ended = await supervisor.wait_exit(running)
        except Exception as error:  # its end cannot be waited for: it is looked for again and again instead
            self._say_once(target, error)
            if self._is(target, running):
                del self._current[target]
            return
        if self._is(target, running):
            del self._current[target]
        await self.post(ProcessEnded(target, running, ended))

    def remark(self, target: str) -> str:
        """What is to be said of the process that runs, empty when nothing is."""
        process, text = self.stale.get(target, (None, ""))
        return text if process is not None and process == self.current(target) else ""

    def lookalikes(self, target: str) -> tuple[tuple[int, str], ...]:
        """What looked like the target when it was last searched for and not found."""
        return () if target in self._current else self._lookalikes.get(target, ())

    async def candidates(self, target: str) -> tuple[tuple[int, str], ...]:
        """Processes that look like the target and were not taken, each with the reason.

        Raises:
            UsageError: the target is only watched, or cannot be looked for now.
        """
        return _named(await _looked(self._supervisor(target)))

    async def adopt(self, target: str, pid: int) -> Running:
        """Takes one of them for the target's process, on a person's word, durably.

        Raises:
            UsageError: it is none of them, or it is gone, or cannot be looked for now.
        """
        supervisor = self._supervisor(target)
        look = await _looked(supervisor)
        found = {process.pid: process for process, _ in look.candidates}
        if pid not in found:
            known = "; ".join(f"pid {p.pid}: {reason}" for p, reason in look.candidates) or "there is none"
            raise UsageError(f"pid {pid} is no process that looks like {target} and was not taken ({known}).")
        try:
            running = await supervisor.adopt(found[pid])
        except SupervisorError as error:
            raise UsageError(str(error)) from error
        self.started(target, running)
        return running

    def _supervisor(self, target: str) -> Supervisor:
        if target not in self.supervisors:
            raise UsageError(f"opsbot only watches {target}: no supervisor is configured for it.")
        return self.supervisors[target]

    async def _find(self, target: str, supervisor: Supervisor) -> Running | None:
        try:
            look = await supervisor.find()
        except Exception as error:  # a broken search is repeated, and stops the watch of no other target
            self._say_once(target, error)
            await self.post(ProcessHidden(target))
            return None
        self._said.pop(target, None)
        self._lookalikes[target] = _named(look)
        if look.running is None:
            await self.post(ProcessMissing(target, look.last_exit, len(look.candidates)))
        return look.running

    def _say_once(self, target: str, error: Exception) -> None:
        if self._said.get(target) != repr(error):
            self._said[target] = repr(error)
            log.warning("cannot look for the target", target=target, exc_info=error)


async def _looked(supervisor: Supervisor) -> Look:
    """What is there, for a person who asks.

    Raises:
        UsageError: it cannot be looked for now.
    """
    try:
        return await supervisor.find()
    except SupervisorError as error:
        raise UsageError(str(error)) from error


def _named(look: Look) -> tuple[tuple[int, str], ...]:
    return tuple((process.pid, reason) for process, reason in look.candidates)
