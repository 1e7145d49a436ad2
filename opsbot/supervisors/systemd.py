"""Supervisor `systemd`: a unit that systemd runs. What systemd does by itself, opsbot leaves to it.

How the two get along is in docs/supervisors.md.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from opsbot.domain.process import Exit, Holder, ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _ports, _proc
from opsbot.supervisors._pidfd import Grip
from opsbot.supervisors._records import Records
from opsbot.supervisors._stopping import KILL_SECONDS
from opsbot.supervisors._systemd.book import Book
from opsbot.supervisors._systemd.endings import Endings
from opsbot.supervisors._systemd.group import belongs, members
from opsbot.supervisors._systemd.sight import Sight
from opsbot.supervisors._systemd.start import Starter
from opsbot.supervisors._systemd.systemctl import Client, Systemd
from opsbot.supervisors._systemd.unit import Unit
from opsbot.supervisors.base import Look, Supervisor, SupervisorContext, SupervisorOptions

LONGEST_NAME = 255
"""Of a unit (systemd.unit(5))."""

_NAME = re.compile(r"[A-Za-z0-9:_\\][A-Za-z0-9:_.\\@-]*\.service")


def _unit(name: str) -> str:
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(
            f"`{name[:LONGEST_NAME]}` is no name of a service unit: write it like `summarybot.service`"
        )
    if name.endswith("@.service"):
        raise ValueError(f"`{name}` is a template: name one instance of it, like `{name[:-8]}main.service`")
    return name


class Scope(StrEnum):
    """Whose systemd runs the unit: the machine's, or that of opsbot's own user."""

    SYSTEM = "system"
    USER = "user"


class Options(SupervisorOptions):
    """`unit`: its name, with `.service`. `scope`: whose systemd runs it."""

    unit: Annotated[str, AfterValidator(_unit)]
    scope: Scope = Scope.SYSTEM

    def identity(self) -> tuple[str, ...]:
        """One unit is one service."""
        return (self.scope.value, self.unit)

    def twin_of(self, other: SupervisorOptions) -> str:
        """One unit is one target."""
        return "has the same unit: make them one target" if self == other else ""


def build(options: Options, context: SupervisorContext) -> Supervisor:
    """The registry's entry."""
    return SystemdSupervisor(options, context)


class SystemdSupervisor:
    """Starts, finds and stops one unit."""

    def __init__(self, options: Options, context: SupervisorContext) -> None:
        self._boot_id = context.clock.boot_id
        self._records = Records(context.directory.absolute())
        self._book = Book(self._records.directory)
        self._systemd = Systemd(options.unit, user=options.scope is Scope.USER)
        self._sight = Sight(self._systemd, self._book, context.clock)
        self._endings = Endings(self._systemd, self._sight, self._book, context.clock)
        self._starter = Starter(self._systemd, self._sight)
        self._started: ProcessId | None = None

    async def find(self) -> Look:
        self._records.prepare()
        unit, running = await self._sight.take()
        if running:
            return Look(replace(running, adopted=running.process != self._started))
        return Look(None, await self._endings.last(unit))

    async def start(self, generation: int) -> Running:
        self._records.prepare()
        unit, running = await self._sight.take()
        if running:
            return replace(running, adopted=running.process != self._started)
        self._book.intend(generation)
        try:
            running = await self._starter.start(unit)
        except SupervisorError:
            self._book.intend(0)
            raise
        self._started = running.process
        return replace(running, adopted=False)

    async def adopt(self, process: ProcessId) -> Running:
        _, running = await self._sight.take()
        if running is None or running.process != process:
            raise SupervisorError(
                f"pid {process.pid} is not what systemd runs as {self._systemd.unit}: nothing else is it.",
                permanent=True,
            )
        return running

    async def stop(self, running: Running, grace: float) -> Exit:
        """Stops the unit. What systemd has started in place of the one that was meant, or is about to, ends
        too; what a person has started meanwhile does not."""
        unit, now = await self._sight.take()
        self._spare_opsbot(unit)
        if now and now.process != running.process and not unit.restarts:
            return await self._endings.of(running.process, witnessed=False)
        process = now.process if now else running.process
        killed = False
        if now:
            self._book.ask(unit.invocation)
        if now or not unit.at_rest:
            killed = await self._end(unit, process, grace)
        how = await self._endings.of(process, witnessed=now is not None)
        return replace(how, signal=signal.SIGKILL, code=None) if killed else how

    async def forestall(self) -> None:
        unit, running = await self._sight.take()
        if running is None and not unit.at_rest:
            await self._systemd.order("stop")

    async def wait_exit(self, running: Running) -> Exit:
        grip = Grip.take(running.process, self._boot_id)
        if grip:
            with grip:
                await grip.ended()
        return await self._endings.of(running.process, witnessed=grip is not None)

    async def tail(self, lines: int) -> list[str]:
        try:
            return await self._systemd.lines((await self._systemd.show()).name, lines)
        except SupervisorError:
            return []

    async def port_holder(self, port: int) -> Holder | None:
        ours = partial(belongs, group=(await self._systemd.show()).group)
        return await asyncio.to_thread(_ports.holder, port, ours)

    async def sweep(self, ports: Sequence[int] = ()) -> int:  # noqa: ARG002 - a unit's mark is its control group
        unit, running = await self._sight.take()
        left = await asyncio.to_thread(members, unit.group) if unit.at_rest and not running else []
        processes = [process for pid in left if (process := _proc.identify(pid, self._boot_id))]
        if not processes:
            return 0
        self._spare_opsbot(unit)
        await self._systemd.order("kill", "--signal=SIGKILL")
        for process in processes:
            await self._gone(process, KILL_SECONDS)
        return len(processes)

    def own_log(self) -> Path | None:
        return None

    async def close(self) -> None:
        return

    async def _end(self, unit: Unit, process: ProcessId, grace: float) -> bool:
        """systemd's stop, `grace` seconds, SIGKILL to the whole unit. Returns whether the process itself was
        still there then."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + grace
        async with self._systemd.client("stop") as client:
            done = await client.done_within(grace)
            if done and client.failed and client.error.startswith("Failed to"):
                self._book.ask(unit.invocation, asked=False)
                raise self._systemd.refusal("stop", client.error)
            if done and _proc.alive(process, self._boot_id):  # KillMode=none
                await self._systemd.order("kill", "--signal=SIGTERM")
                done = await self._gone(process, ends - loop.time())
            killed = _proc.alive(process, self._boot_id)
            if not done:
                await self._kill(client, process)
            return killed

    async def _kill(self, client: Client, process: ProcessId) -> None:
        refused: SupervisorError | None = None
        try:
            await self._systemd.order("kill", "--signal=SIGKILL")
        except SupervisorError as error:  # it may have ended meanwhile
            refused = error
        if not await self._gone(process, KILL_SECONDS) or not await client.done_within(KILL_SECONDS):
            raise refused or SupervisorError(
                f"{self._systemd.unit} is there {KILL_SECONDS:.0f} s after SIGKILL: it hangs in the kernel."
            )

    async def _gone(self, process: ProcessId, seconds: float) -> bool:
        """Whether a process has ended within a time."""
        grip = Grip.take(process, self._boot_id)
        if grip is None:
            return True
        with grip:
            return await grip.ended_within(seconds)

    def _spare_opsbot(self, unit: Unit) -> None:
        if belongs(os.getpid(), unit.group):
            raise SupervisorError(
                f"opsbot itself runs in {unit.name}, and does not end itself: name the target's own unit.",
                permanent=True,
            )
