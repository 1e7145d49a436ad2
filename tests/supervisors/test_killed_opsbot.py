"""opsbot is killed (-9) at each point of a start and a stop: afterwards there is exactly one target."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from opsbot.supervisors import _proc
from opsbot.supervisors._keeper import ENTRY
from tests.supervisors.helpers import Place, alive, eventually
from tests.supervisors.victim import GENERATION, POINTS

VICTIM = "tests.supervisors.victim"
ROOT = Path(__file__).parents[2]
RANDOM_ROUNDS = 4
STOPPING = ("the stop is noted", "the stop is signalled")


def opsbot(place: Place, point: str) -> subprocess.Popen[bytes]:
    options = place.options().model_dump_json()
    return subprocess.Popen(
        [sys.executable, "-m", VICTIM, options, str(place.state), point], cwd=ROOT, stdout=subprocess.PIPE
    )


async def finished(victim: subprocess.Popen[bytes]) -> None:
    assert await asyncio.to_thread(victim.wait, 30) == -9
    assert victim.stdout is not None
    victim.stdout.close()


async def keepers_settled(victim_pid: int) -> None:
    """No keeper still waits for orders of the dead opsbot: each has a target or has gone."""

    def idle() -> list[int]:
        keepers = [pid for pid in _proc.pids() if ENTRY in _proc.argv(pid)]
        return [pid for pid in keepers if (s := _proc.stat(pid)) and s.parent == victim_pid]

    await eventually(lambda: not idle())


@pytest.mark.parametrize("point", [*POINTS, "it is started"])
async def test_afterwards_there_is_exactly_one_target(place: Place, point: str) -> None:
    victim = opsbot(place, point)
    await finished(victim)
    successor = place.supervisor()
    await successor.find()
    running = await successor.start(GENERATION)
    await keepers_settled(victim.pid)
    if point in STOPPING and not alive(running.process.pid):  # it had been told to end, and now has
        await successor.wait_exit(running)
        running = await successor.start(GENERATION)
    assert place.copies() == [running.process.pid]
    look = await place.supervisor().find()
    assert look.running is not None
    assert look.running.process == running.process


@pytest.mark.parametrize("point", ["the answer is there", "it is started"])
async def test_the_successor_sees_that_the_generation_was_started(place: Place, point: str) -> None:
    await finished(opsbot(place, point))
    look = await place.supervisor().find()
    assert look.running is not None
    assert (look.running.generation, look.running.adopted) == (GENERATION, True)
    assert alive(look.running.keeper_pid)


async def test_killed_at_random_moments_of_restarts(place: Place) -> None:
    for _ in range(RANDOM_ROUNDS):
        victim = opsbot(place, "")
        assert victim.stdout is not None
        await asyncio.to_thread(victim.stdout.readline)
        await asyncio.sleep(random.uniform(0.0, 0.08))
        os.kill(victim.pid, 9)
        await finished(victim)
        successor = place.supervisor()
        running = await successor.start(99)
        await keepers_settled(victim.pid)
        if not alive(running.process.pid):
            await successor.wait_exit(running)
            running = await successor.start(99)
        assert place.copies() == [running.process.pid]
