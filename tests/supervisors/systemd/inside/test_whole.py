"""The whole program over a unit: one look, a restart, and a crash that systemd mends by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from opsbot.app import opened
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.runtime.core import Runtime
from tests.bound import BOUND
from tests.supervisors.systemd.units import PAUSE, UnitPlace


def config(unit: UnitPlace) -> Path:
    file = unit.folder / "opsbot.yml"
    file.write_text(
        f"state_dir: {unit.folder}/opsbot\ntargets:\n  bot:\n"
        f"    supervisor: {{type: systemd, unit: {unit.name}}}\n"
        "    checks: {process: {interval_seconds: 0.3}}\n"
    )
    return file


def opsbot(unit: UnitPlace, *words: str) -> str:
    command = [sys.executable, "-m", "opsbot", *words, "-c", str(config(unit))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@asynccontextmanager
async def at_work(unit: UnitPlace) -> AsyncIterator[Runtime]:
    async with opened(load(config(unit), {}), SystemClock()) as runtime:
        work = asyncio.create_task(runtime.run())
        try:
            yield runtime
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work


async def until(look: Callable[[], object]) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(BOUND):
        while True:
            if look():
                return
            await asyncio.sleep(PAUSE)


async def test_one_look_without_a_running_opsbot_knows_the_units_process(unit: UnitPlace) -> None:
    unit.by_hand("start")
    assert "Process: OK" in opsbot(unit, "health")


async def test_a_restart_on_the_command_line_restarts_the_unit_once(unit: UnitPlace) -> None:
    unit.by_hand("start")
    before = unit.copies()
    assert "Done: bot restarted in" in opsbot(unit, "restart")
    assert len(unit.copies()) == 1
    assert unit.copies() != before


async def test_a_crash_that_systemd_mends_is_told_and_restarted_by_systemd_alone(unit: UnitPlace) -> None:
    unit.write(Restart="always", RestartSec="0.3")
    unit.by_hand("start")
    async with at_work(unit) as runtime:
        await until(lambda: runtime.processes.current("bot"))
        (pid,) = unit.copies()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: runtime.pipeline.state.incidents and not runtime.ops.incidents())
        incident = runtime.pipeline.state.incidents[1]
        assert len(unit.copies()) == 1
        assert unit.says("NRestarts") == "1"
    texts = [entry.text for entry in incident.timeline]
    assert any("its own supervisor may start it again by itself" in text for text in texts)
    assert not any("Restarting it" in text for text in texts)
