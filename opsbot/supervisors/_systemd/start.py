"""Starting a unit, and saying what is wrong with one that does not start."""

from __future__ import annotations

import asyncio
import os
from pathlib import PurePath

from opsbot.domain.moment import Moment
from opsbot.domain.process import ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._systemd.sight import Sight
from opsbot.supervisors._systemd.systemctl import Client, Systemd
from opsbot.supervisors._systemd.unit import SETTINGS, Unit

START_SECONDS = 90.0
"""So long a main process is waited for (systemd's DefaultTimeoutStartSec=). That it calls itself ready is not
waited for: that is the checks' to see."""

LOOK_SECONDS = 0.1
"""Between two looks for the main process of a unit that takes its time."""

EXEC_SECONDS = 5.0
EXEC_PAUSE_SECONDS = 0.005
_EXECUTOR = "systemd-executor"


class _Limited(Exception):
    """systemd refuses because it was started too often; a person's or opsbot's start goes before that."""


class Starter:
    """Starts one unit."""

    def __init__(self, systemd: Systemd, sight: Sight) -> None:
        self._systemd, self._sight = systemd, sight

    async def start(self, unit: Unit) -> Running:
        """Starts a unit that has no main process. One that comes up meanwhile is what is returned.

        Raises:
            SupervisorError: it does not start, and why.
        """
        self._refuse(unit)
        try:
            return await self._start(unit)
        except _Limited:
            await self._systemd.order("reset-failed")
        try:
            return await self._start(unit)
        except _Limited:
            raise SupervisorError(f"systemd starts {unit.name} no more: see its StartLimitBurst=.") from None

    async def _start(self, before: Unit) -> Running:
        # a unit that waits to be restarted, or that is `active` without a process, is not started by `start`
        verb = "restart" if before.waits_to_restart or before.sub == "exited" else "start"
        loop = asyncio.get_running_loop()
        ends = loop.time() + START_SECONDS
        async with self._systemd.client(verb) as client:
            while loop.time() < ends:
                done = await client.done_within(LOOK_SECONDS)
                unit, running = await self._sight.take()
                if running and await _became(running.process):
                    return running
                if done and not running:
                    raise self._why(before, unit, client)
        raise SupervisorError(
            f"{before.name} has no main process {START_SECONDS:g} s after its start: what does its "
            f"ExecStartPre= wait for, or a unit that it needs?"
        )

    def _refuse(self, unit: Unit) -> None:
        """What is known not to help before it is tried."""
        name, command = self._systemd.unit, self._systemd.command
        if unit.load == "not-found":
            text = (
                f"There is no unit {name}: correct `unit`, or install it and run `{command} daemon-reload`."
            )
        elif unit.load == "masked":
            text = f"{name} is masked: `{command} unmask {name}`."
        elif unit.load != "loaded":
            why = unit.load_error.rstrip(".") or unit.load
            text = f"systemd cannot load {name} ({why}): `systemd-analyze verify {name}` says what is wrong."
        elif unit.type == "oneshot":
            text = f"{name} is of Type=oneshot, which ends by itself: name a unit whose process stays."
        elif not unit.startable:
            text = f"{name} may only be started by other units: remove its RefuseManualStart=."
        else:
            return
        raise SupervisorError(text, permanent=True)

    def _why(self, before: Unit, unit: Unit, client: Client) -> Exception:
        """What kept a main process from being there."""
        new = unit.invocation != before.invocation
        if client.failed and client.error.startswith("Failed to"):
            return self._systemd.refusal("start", client.error)
        if client.failed and not new and unit.active == "failed":
            return _Limited()
        if new and unit.last_code == os.CLD_EXITED and unit.last_status in SETTINGS:
            return SupervisorError(
                f"systemd cannot run {unit.name} (status {unit.last_status}): correct "
                f"{SETTINGS[unit.last_status]}.",
                permanent=True,
            )
        if new and unit.last_code:
            how = unit.ended(Moment(0, 0), asked=False)
            return SupervisorError(f"{unit.name} {how} right after its start.")
        if unit.active == "active":
            return SupervisorError(
                f"{unit.name} is active without a main process that systemd knows: give it PIDFile= or "
                f"another Type=.",
                permanent=True,
            )
        if client.failed:
            return self._systemd.refusal("start", client.error)
        return SupervisorError(
            f"{unit.name} ended at once, or a Condition…= of it is not met: `{self._systemd.command} status "
            f"{unit.name}` tells."
        )


async def _became(process: ProcessId) -> bool:
    """Waits until a process that systemd has forked is the unit's program. False: it has ended before."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + EXEC_SECONDS
    while _proc.alive(process, process.boot_id):
        if _is_program(process.pid) or loop.time() > ends:
            return True
        await asyncio.sleep(EXEC_PAUSE_SECONDS)
    return False


def _is_program(pid: int) -> bool:
    """Until it executes the program it is a copy of systemd, which then calls itself `(program)`."""
    argv, stat = _proc.argv(pid), _proc.stat(pid)
    if not argv or stat is None:
        return stat is not None  # its command line may not be read: nothing to wait for
    if argv[0].startswith("(") or PurePath(argv[0]).name == _EXECUTOR:
        return False
    return argv != _proc.argv(stat.parent)
