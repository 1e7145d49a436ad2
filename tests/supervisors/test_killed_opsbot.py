"""opsbot is killed (-9) at each point of a start and a stop: afterwards there is exactly one target."""

from __future__ import annotations

import asyncio
import os
import random
from functools import partial

import pytest

from opsbot.domain.process import Running
from opsbot.supervisors import _proc
from opsbot.supervisors._keeper import ENTRY
from tests import nursery
from tests.bound import BOUND
from tests.supervisors.helpers import Place, alive, eventually
from tests.supervisors.victim import GENERATION, POINTS

VICTIM = "tests.supervisors.victim"
RANDOM_ROUNDS = 6


def opsbot(place: Place, point: str) -> nursery.Child:
    argv = [VICTIM, place.options().model_dump_json(), str(place.state), point]
    return nursery.born(argv, "opsbot.supervisors.process", stdout=nursery.PIPE)


async def finished(victim: nursery.Child) -> None:
    assert await asyncio.to_thread(victim.wait, BOUND) == -9
    assert victim.stdout is not None
    victim.stdout.close()


async def keepers_settled(victim_pid: int) -> None:
    """No keeper still waits for orders of the dead opsbot: each has a target or has gone."""

    def idle() -> list[int]:
        keepers = [pid for pid in _proc.pids() if ENTRY in _proc.argv(pid)]
        return [pid for pid in keepers if (s := _proc.stat(pid)) and s.parent == victim_pid]

    await eventually(lambda: not idle())


async def exactly_one(place: Place, victim_pid: int) -> Running:
    """The successor's start leaves one target. One that had been told to end just before may still do so, as
    any target may: then the next start makes it one again."""
    successor = place.supervisor()
    await successor.find()
    running = await successor.start(GENERATION)
    await keepers_settled(victim_pid)
    while True:
        await eventually(partial(seen_or_ended, place, running.process.pid))
        if copies := place.copies():
            assert copies == [running.process.pid]
            return running
        await successor.wait_exit(running)
        running = await successor.start(GENERATION)


def seen_or_ended(place: Place, pid: int) -> bool:
    return bool(place.copies()) or not alive(pid)


@pytest.mark.parametrize("point", [*POINTS, "it is started"])
async def test_afterwards_there_is_exactly_one_target(place: Place, point: str) -> None:
    victim = opsbot(place, point)
    await finished(victim)
    running = await exactly_one(place, victim.pid)
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
        await exactly_one(place, victim.pid)
