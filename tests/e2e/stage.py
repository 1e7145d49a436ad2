"""One stage: the simulated Discord, the real opsbot, a real stand-in service, a real state directory."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord

from opsbot.app import serve, stop_targets
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.config.settings import Settings
from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.discord_sim.world import World
from opsbot.demo.faults import Fault, send_fault
from opsbot.demo.play import ids_of
from opsbot.demo.scene import FILE, TARGET, scene
from opsbot.domain.levels import Outcome
from opsbot.runtime.core import Runtime
from opsbot.session import Session
from tests.bound import BOUND
from tests.e2e.processes import (
    belonging,
    eventually,
    eventually_asked,
    family,
    gone,
    kill_all,
    services,
)
from tests.e2e.reading import footer, text_of
from tests.sim import GUILD_READY_SECONDS, simulated_discord


class Running(Session):
    """One opsbot's session; keeps the runtime that it was given, which tests only wait for."""

    runtime: Runtime

    async def run(self, runtime: Runtime) -> None:
        self.runtime = runtime
        await super().run(runtime)

    def join(self, runtime: Runtime, settings: Settings) -> None:
        self.runtime = runtime
        super().join(runtime, settings)

    @property
    def is_ready(self) -> bool:
        """Logged in, with the guild known and the commands registered."""
        return self.line.bot is not None and self.line.bot.is_ready()

    async def is_well(self) -> bool:
        """Whether every check is satisfied and nothing is being done."""
        report = await self.runtime.ops.health(TARGET)
        busy = [note for note in report.notes if not note.startswith("Discord, at the last login")]
        return report.outcome is Outcome.OK and not busy and not report.incidents


class Stage:
    """What tests act on. The configuration is the demo's, with shorter waits; `edit` changes its text."""

    def __init__(self, folder: Path, sim: SimulatedDiscord) -> None:
        self.folder = folder
        self.others = family()  # what other tests keep, such as a container engine
        self.sim = sim
        self.token = sim.token
        self.port = scene(folder, ids_of(sim), sim.token, restart_seconds=0).port
        self.edit("interval_seconds: 1}", "interval_seconds: 0.3}")
        self.edit("interval_seconds: 1,", "interval_seconds: 0.3,")
        self.edit("interval_seconds: 5}", "interval_seconds: 0.3}")

    @property
    def world(self) -> World:
        return self.sim.world

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / FILE

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.folder / "state"

    @property
    def log(self) -> Path:
        """The service's."""
        return self.folder / "summarybot.log"

    @property
    def environ(self) -> dict[str, str]:
        """With which the configuration is read."""
        return {"OPSBOT_DISCORD_TOKEN": self.token}

    @property
    def settings(self) -> Settings:
        return load(self.file, self.environ)

    def edit(self, old: str, new: str) -> None:
        """Replaces a text of the configuration, wherever it stands."""
        text = self.file.read_text()
        assert old in text, old
        self.file.write_text(text.replace(old, new))

    def nothing_reopens(self) -> None:
        """What comes back is a new incident, however soon."""
        self.edit("discord:\n", "incidents: {reopen_minutes: 0}\ndiscord:\n")

    def requests(self) -> int:
        """How many came to Discord, but for those by which opsbot only sees whether it is there."""
        return sum(request.path != "/gateway" for request in self.sim.requests)

    # ------------------------------------------------------------ opsbot

    @asynccontextmanager
    async def opsbot(self, *, well: bool = True, ready: bool = True) -> AsyncIterator[Running]:
        """A running opsbot, as `opsbot run` has it; at the end it is stopped, and the service runs on.

        `ready`: the bot takes commands. `well`: the service is up and every check satisfied.
        """
        settings, started = self.settings, asyncio.Event()
        session = Running(settings, SystemClock(), guild_ready_timeout=GUILD_READY_SECONDS)
        serving = asyncio.create_task(serve(settings, started=started, session=session, environ=self.environ))
        try:
            await _either(started.wait(), serving)
            if ready:
                await self.until(lambda: session.is_ready)
            if well:
                await self.until_well(session)
            yield session
            if serving.done():
                await serving
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def until_well(self, session: Running) -> None:
        """Until the service is up, every check satisfied and nothing being done."""
        await eventually_asked(session.is_well, explain=self.transcript)

    async def close(self) -> None:
        """The service is stopped through its supervisor, and then nothing is left.

        Raises AssertionError: something is.
        """
        try:
            await stop_targets(self.settings, SystemClock())
            assert services(self.folder) == []
            await eventually(lambda: not self.left(), explain=self.left)
        finally:
            kill_all(self.folder, others=self.others)

    def left(self) -> list[str]:
        """What of this test still runs."""
        return belonging(self.folder, others=self.others)

    # ------------------------------------------------------------ the service

    def pids(self) -> list[int]:
        """Every live copy of the service."""
        return services(self.folder)

    def pid(self) -> int:
        """The one that runs."""
        (only,) = self.pids()
        return only

    async def kill(self, number: int = signal.SIGKILL) -> int:
        """Kills the service; returns the pid that is gone."""
        pid = self.pid()
        os.kill(pid, number)
        await gone(pid)
        return pid

    async def paused_and_down(self) -> int:
        """Otto pauses, and the service dies: an incident that stays open. The pid that is gone."""
        await self.world.otto.slash(self.world.ops, "pause", minutes=5, reason="deploy")
        return await self.kill()

    async def restarted(self, old: int) -> int:
        """The new pid, when another one runs than `old`."""
        (new,) = await eventually(lambda: [pid for pid in self.pids() if pid != old])
        return new

    async def fault(self, fault: Fault, seconds: float | None = None) -> None:
        """Tells the service to misbehave."""
        await asyncio.to_thread(send_fault, self.port, fault.value, seconds)

    @property
    def command(self) -> list[str]:
        """The configured command line."""
        target = self.settings.target(TARGET)
        assert target is not None
        assert target.supervisor is not None
        return list(target.supervisor.options.command)

    @asynccontextmanager
    async def by_hand(self, *command: str) -> AsyncIterator[int]:
        """A process that somebody starts in the service's folder; reaped, and ended, at the end."""
        process = await asyncio.create_subprocess_exec(*(command or self.command), cwd=self.folder)
        try:
            yield process.pid
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    # ------------------------------------------------------------ the channel

    async def until(self, look: Callable[[], Any], bound: float = BOUND) -> Any:
        """Polls for what has no event, and shows the channel when it never comes."""
        return await eventually(look, bound, explain=self.transcript)

    async def message(
        self, number: int = 1, holds: Callable[[discord.Message], Any] = lambda _: True, bound: float = BOUND
    ) -> discord.Message:
        """The newest message of an incident, once it `holds`; resolved replies are none."""
        found = await self.sim.changes.wait_for(
            lambda: next((m for m in reversed(self.of(number)) if holds(m)), None),
            bound,
            explain=self.transcript,
        )
        assert found is not None
        return found

    async def resolved(self, number: int = 1) -> discord.Message:
        """The incident's message, when it is over and the channel was told so."""
        message = await self.message(number, lambda m: "resolved after" in text_of(m))
        await self.sim.changes.wait_for(lambda: self.replies(message), BOUND, explain=self.transcript)
        return message

    def of(self, number: int) -> list[discord.Message]:
        """All messages of an incident, oldest first."""
        return [m for m in self.sim.messages(self.world.ops) if f"Incident #{number} " in footer(m)]

    def replies(self, message: discord.Message) -> list[discord.Message]:
        """The answers to a message."""
        return [
            m
            for m in self.sim.messages(self.world.ops)
            if m.reference is not None and m.reference.message_id == message.id
        ]

    def alarms(self) -> list[discord.Message]:
        """The messages that pinged somebody, oldest first."""
        return [m for m in self.sim.messages(self.world.ops) if not self.sim.message_pings(m).nobody]

    def transcript(self) -> str:
        """The channel as text, for a failure."""
        texts = "\n---\n".join(text_of(m) for m in self.sim.messages(self.world.ops))
        return f"the channel:\n{texts}\nlast requests:\n{self.sim.requests.tail()}"


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """A stage whose end leaves no process behind."""
    async with simulated_discord() as sim:
        made = Stage(folder, sim)
        try:
            yield made
        finally:
            await made.close()


async def _either(wanted: Any, serving: asyncio.Task[None]) -> None:
    """Waits for `wanted`; what ended the serving meanwhile is raised."""
    waiting = asyncio.ensure_future(wanted)
    await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED, timeout=BOUND)
    waiting.cancel()
    if serving.done():
        await serving
