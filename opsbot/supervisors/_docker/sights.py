"""Looks at a container and at its main process on this host, and at how a run of it ended."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, replace

from opsbot.clock import Clock
from opsbot.domain.process import Exit, ProcessId
from opsbot.errors import SupervisorError
from opsbot.supervisors import _oom, _proc
from opsbot.supervisors._docker.container import Container, seconds
from opsbot.supervisors._docker.endings import Evidence, exit_of, of_run
from opsbot.supervisors._docker.engine import Engine, EngineDown
from opsbot.supervisors._docker.inside import is_main
from opsbot.supervisors._docker.runs import Run, Runs
from opsbot.supervisors._docker.streams import Event

AGREE_SECONDS = 1.0
"""So long engine and process list may differ: one of them has yet to notice an end."""

SETTLE_SECONDS = 3.0
"""So long after an end the engine is asked for it; one that restarts itself takes longer than is worth it."""

PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.2
EVENTS_SECONDS = 600.0
"""How far back the events of an end are looked for."""

NOBODY = ProcessId("", 0, 0)


@dataclass(frozen=True, slots=True)
class Sight:
    """`container`: None when there is none of that name; `run`: the one that is alive."""

    container: Container | None
    run: Run | None


class Sights:
    """Of one target."""

    def __init__(self, engine: Engine, name: str, runs: Runs, clock: Clock) -> None:
        self._engine, self._name, self._runs, self._clock = engine, name, runs, clock
        self._last: tuple[Container, Exit] | None = None

    async def look(self) -> Sight:
        """
        Raises:
            SupervisorError: the engine is not reached; `permanent`: the container's process is not seen here.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + AGREE_SECONDS
        while True:
            seen = await self._engine.inspect(self._name)
            if seen is None or not seen.runs:
                return Sight(seen, None)
            process = _proc.identify(seen.pid, self._clock.boot_id)
            if process and is_main(process.pid, seen.id):
                return Sight(seen, self._runs.met(seen, process))
            if loop.time() >= ends:
                break
            await asyncio.sleep(2 * PAUSE_SECONDS)
        if self._runs.seen(seen):  # it was seen alive: the engine has not noticed its end
            return Sight(seen, None)
        raise SupervisorError(
            f"Container `{self._name}` runs as pid {seen.pid} of its engine, which is not to be seen here: "
            f"run opsbot on the engine's own host, in a container with `pid: host` (with Docker Desktop the "
            f"engine's host is a virtual machine).",
            permanent=True,
        )

    async def ending(self, process: ProcessId) -> Exit:
        """How the run with that main process, which is over, ended."""
        run = self._runs.of(process)
        if run is None:
            return Exit(at=self._clock.now())
        try:
            seen = await self._settled(run)
        except EngineDown:
            cause = "" if run.asked else "its container engine gives no answer"
            return Exit(at=self._clock.now(), asked=run.asked, cause=cause)
        run = self._runs.of(process) or run  # a stop may have asked for it meanwhile
        return await self._exit(run, seen)

    async def last_exit(self, seen: Container | None) -> Exit | None:
        """How a container that does not run ended; None when it never ran, or is not there."""
        if seen is None or not seen.started or seen.runs:
            return None
        if self._last is None or self._last[0] != seen:
            run = self._runs.seen(seen) or Run(seen.id, seen.started_at, NOBODY)
            self._last = seen, await self._exit(run, seen)
        exit_ = self._last[1]
        over = self._clock.now().since(exit_.at) >= exit_.successor
        return replace(exit_, successor=0.0) if over and not seen.restarting else exit_

    async def _exit(self, run: Run, seen: Container | None) -> Exit:
        evidence = Evidence(run, seen)
        if not run.asked or evidence.last_state is None:
            now = self._clock.now()
            since = max(seconds(run.started_at), now.wall - EVENTS_SECONDS)
            events = await self._engine.history(run.container, int(since), lambda e: bool(_ends(e, run)))
            evidence = replace(evidence, events=of_run(events, run))
        return await _explained(exit_of(evidence, self._clock.now()), run)

    async def _settled(self, run: Run) -> Container | None:
        """The run's container once its engine has noticed the end.

        Raises:
            EngineDown: it is not reached.
        """
        loop = asyncio.get_running_loop()
        ends, pause = loop.time() + SETTLE_SECONDS, PAUSE_SECONDS
        while True:
            last_try = loop.time() >= ends
            try:
                seen = await self._engine.inspect(run.container)
                if last_try or seen is None or not seen.runs or not run.is_of(seen):
                    return seen
            except EngineDown:
                if last_try:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _explained(exit_: Exit, run: Run) -> Exit:
    """An engine may miss that memory was why (its own counters come late); the kernel's log does not."""
    if exit_.signal != signal.SIGKILL or exit_.asked or exit_.cause:
        return exit_
    cause = await asyncio.to_thread(_oom.cause, run.process.pid, 1)
    return exit_ if cause == _oom.LIKELY else replace(exit_, cause=cause)


def _ends(event: Event, run: Run) -> bool:
    return bool(of_run((event,), run)) and event.action == "die"
