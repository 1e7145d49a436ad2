"""The supervisor `docker`: an existing container, started and stopped through its engine."""

from __future__ import annotations

import asyncio
import math
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit, Holder, ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _ports
from opsbot.supervisors._docker import inside
from opsbot.supervisors._docker.container import Container
from opsbot.supervisors._docker.engine import Engine, EngineDown, Refused
from opsbot.supervisors._docker.options import Options
from opsbot.supervisors._docker.runs import Run, Runs
from opsbot.supervisors._docker.sights import Sight, Sights
from opsbot.supervisors._pidfd import Grip
from opsbot.supervisors._records import Records
from opsbot.supervisors._stopping import KILL_SECONDS
from opsbot.supervisors.base import Look, SupervisorContext

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

_HOPELESS = re.compile(
    r"executable file.*not found|no such file or directory|not a directory|is a directory|permission denied"
    r"|exec format error|no such image",
    re.IGNORECASE,
)
"""What engines say when a start fails for a reason that stays (runc, crun and moby; all within one line)."""


class DockerSupervisor:
    """Starts, finds and stops one container."""

    def __init__(self, options: Options, context: SupervisorContext) -> None:
        self._name, self._clock = options.container, context.clock
        self._records = Records(context.directory.absolute())
        self._runs = Runs(self._records.directory)
        self._engine = Engine(options.url)
        self._sights = Sights(self._engine, self._name, self._runs, self._clock)
        self._started: ProcessId | None = None

    async def find(self) -> Look:
        self._records.prepare()
        sight = await self._sights.look()
        if sight.run:
            return Look(running=self._running(sight.run))
        return Look(running=None, last_exit=await self._sights.last_exit(sight.container))

    async def start(self, generation: int) -> Running:
        self._records.prepare()
        sight = await self._sights.look()
        if sight.run:
            return self._running(sight.run)
        sight = await self._start(self._there(sight), generation)
        if sight.run is None:
            ended = await self._sights.last_exit(sight.container)
            raise SupervisorError(f"Container `{self._name}` {ended or 'is gone'} right after its start.")
        return self._running(sight.run)

    async def adopt(self, process: ProcessId) -> Running:
        self._records.prepare()
        run = (await self._sights.look()).run
        if run is None or run.process != process:
            what = f"runs, as pid {run.process.pid}" if run else "does not run"
            raise SupervisorError(
                f"pid {process.pid} is not container `{self._name}`, which {what}.", permanent=True
            )
        return self._running(run)

    async def stop(self, running: Running, grace: float) -> Exit:
        sight = await self._sights.look()
        if sight.container and sight.run and sight.run.process == running.process:
            await self._stop(sight.container, sight.run, grace)
        elif sight.container and sight.container.restarting:
            await self._engine.stop(sight.container.id, 0)  # or its restart policy would start it again
        return await self._sights.ending(running.process)

    async def forestall(self) -> None:
        container = (await self._sights.look()).container
        if container and container.restarting:
            await self._engine.stop(container.id, 0)

    async def wait_exit(self, running: Running) -> Exit:
        grip = Grip.take(running.process, self._clock.boot_id)
        if grip:
            with grip:
                await grip.ended()
        return await self._sights.ending(running.process)

    async def tail(self, lines: int) -> list[str]:
        container = await self._engine.inspect(self._name) if lines > 0 else None
        if container is None:
            return []
        try:
            return await self._engine.log(container, lines)
        except Refused:  # its logging driver cannot read
            return []

    async def port_holder(self, port: int) -> Holder | None:
        container = None
        with suppress(EngineDown):  # who holds the port is seen without it
            container = await self._engine.inspect(self._name)
        main = container.pid if container and container.runs else 0
        published = bool(container and main and port in container.published)

        def ours(pid: int) -> bool:
            within = container is not None and inside.belongs(pid, main, container.id)
            return within or (published and inside.is_proxy(pid))

        holder = await asyncio.to_thread(_ports.holder, port, ours)
        if holder and published and not holder.pid:  # the engine's proxy, which only root may look into
            return replace(holder, ours=True)
        return await self._named(holder, port)

    async def sweep(self, ports: Sequence[int] = ()) -> int:  # noqa: ARG002
        return 0  # with a container's main process its engine ends all others in it

    def own_log(self) -> None:
        return None  # the engine's logging driver writes and rotates it

    async def close(self) -> None:
        await self._engine.close()

    def _running(self, run: Run) -> Running:
        now, mono = self._clock.now(), run.process.start_ticks / _TICKS_A_SECOND
        since = Moment(mono, now.wall - max(0.0, now.mono - mono))
        return Running(run.process, since, run.generation, adopted=run.process != self._started)

    def _there(self, sight: Sight) -> Container:
        if sight.container is None:
            raise SupervisorError(
                f"There is no container `{self._name}`: create it (`docker compose up --no-start`), or "
                f"correct `container`.",
                permanent=True,
            )
        return sight.container

    async def _start(self, container: Container, generation: int) -> Sight:
        if container.restarting:  # what is asked for now does not wait for the restart policy's next try
            await self._engine.stop(container.id, 0)
        self._runs.intend(container, generation)
        try:
            await self._engine.start(self._name)
        except Refused as refused:
            sight = await self._sights.look()
            if sight.run is None:  # else somebody else was quicker
                self._runs.give_up()
                raise self._failure(refused, sight) from refused
            return sight
        sight = await self._sights.look()
        self._started = sight.run.process if sight.run else None
        return sight

    def _failure(self, refused: Refused, sight: Sight) -> SupervisorError:
        self._there(sight)
        return SupervisorError(
            f"The container engine cannot start `{self._name}`: {refused.words}",
            permanent=refused.status in (400, 404) or bool(_HOPELESS.search(refused.words)),
        )

    async def _stop(self, container: Container, run: Run, grace: float) -> None:
        """Docker's API stops containers, not runs of them: one that somebody restarts in the millisecond
        since the look is stopped in its new run."""
        grip = Grip.take(run.process, self._clock.boot_id)
        if grip is None:
            return
        with grip:
            self._runs.ask(run)
            try:
                if container.paused:
                    await self._unpause(container)
                await self._engine.stop(container.id, math.ceil(max(0.0, grace)))
            except Refused as refused:
                if refused.status != 404:  # not removed meanwhile
                    self._runs.ask(run, asked=False)
                    raise
            if not await grip.ended_within(KILL_SECONDS):
                raise SupervisorError(
                    f"Container `{self._name}` still runs as pid {run.process.pid}, though its engine calls "
                    f"it stopped: it hangs in the kernel."
                )

    async def _unpause(self, container: Container) -> None:
        with suppress(Refused):  # Docker stops a paused container, podman refuses; it may run on by now
            await self._engine.unpause(container.id)

    async def _named(self, holder: Holder | None, port: int) -> Holder | None:
        """A foreign proxy says nothing: the container behind it is named."""
        if holder is None or holder.ours or not holder.pid or not inside.is_proxy(holder.pid):
            return holder
        name = ""
        with suppress(EngineDown, Refused):
            name = await self._engine.publisher(port)
        return replace(holder, executable=f"{holder.executable} for container {name}") if name else holder
