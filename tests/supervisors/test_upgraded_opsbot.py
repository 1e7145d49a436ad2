"""opsbot is replaced by another version, elsewhere on the disk: the target and its keeper do not notice."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opsbot.supervisors import _proc
from tests.supervisors.helpers import Place, alive, eventually, kill

ROOT = Path(__file__).parents[2]

OLD_OPSBOT = """
import asyncio, json, sys
from pathlib import Path
import opsbot
from opsbot.clock import SystemClock
from opsbot.supervisors.base import SupervisorContext
from opsbot.supervisors.process import Options, ProcessSupervisor

assert opsbot.__file__.startswith(sys.argv[3])

async def main():
    context = SupervisorContext(target="bot", clock=SystemClock(), directory=Path(sys.argv[2]))
    supervisor = ProcessSupervisor(Options.model_validate(json.loads(sys.argv[1])), context)
    print((await supervisor.start(6)).process.pid, flush=True)
    await supervisor.close()

asyncio.run(main())
"""


@pytest.fixture
def upgraded(place: Place) -> int:
    """The target that an opsbot started which has ended, and whose files are gone; its pid."""
    old = place.folder / "old"
    shutil.copytree(ROOT / "opsbot", old / "opsbot", ignore=shutil.ignore_patterns("__pycache__"))
    argv = [sys.executable, "-c", OLD_OPSBOT, place.options().model_dump_json(), str(place.state), str(old)]
    environ = {**os.environ, "PYTHONPATH": str(old)}
    done = subprocess.run(argv, cwd=place.folder, env=environ, capture_output=True, text=True, check=True)
    shutil.rmtree(old)
    return int(done.stdout)


async def test_the_next_version_adopts_the_target_and_learns_its_exit_status(
    place: Place, upgraded: int
) -> None:
    await place.ready(upgraded)
    supervisor = place.supervisor()
    look = await supervisor.find()
    assert look.running is not None
    running = look.running
    assert (running.process.pid, running.generation, running.adopted) == (upgraded, 6, True)
    assert alive(running.keeper_pid)
    assert (await supervisor.start(7)).process == running.process
    ended = asyncio.create_task(supervisor.wait_exit(running))
    await asyncio.sleep(0)
    kill(running, signal.SIGUSR1)
    assert (await ended).code == 3
    again = await supervisor.start(7)
    assert place.mains() == [again.process.pid]
    await eventually(lambda: not alive(running.keeper_pid))


async def test_the_keeper_of_before_still_writes_and_rotates_the_log(place: Place, upgraded: int) -> None:
    await place.ready(upgraded)
    look = await place.supervisor().find()
    assert look.running is not None
    place.log.rename(place.folder / "renamed.log")
    os.kill(look.running.keeper_pid, signal.SIGHUP)
    await eventually(place.log.exists)
    await place.made[0].stop(look.running, 10.0)
    assert _proc.stat(upgraded) is None
    assert f"ready {upgraded}\n" in (place.folder / "renamed.log").read_text()


async def test_the_keeper_of_before_is_never_taken_for_the_target(place: Place, upgraded: int) -> None:
    """It is halted, so it has not written down yet that the target has ended; and it holds the lock."""
    await place.ready(upgraded)
    look = await place.supervisor().find()
    assert look.running is not None
    os.kill(look.running.keeper_pid, signal.SIGSTOP)
    kill(look.running)
    await eventually(lambda: not alive(upgraded))
    supervisor = place.supervisor()
    assert (await supervisor.find()).running is None
    again = await supervisor.start(7)
    assert (again.generation, place.mains()) == (7, [again.process.pid])
    assert not alive(look.running.keeper_pid)
