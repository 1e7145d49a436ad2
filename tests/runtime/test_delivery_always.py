"""Whatever happens in whatever order: everybody hears of everything in the end, once, and nothing is left."""

from __future__ import annotations

import random

import pytest

from tests.runtime.delivery_world import AUDIENCES, FAULTS, TARGETS, World

WEIGHTS = {"see": 5, "busy": 4, "acknowledge": 2, "fault": 3, "kill": 1, "reload": 1, "time": 6}
SECONDS = [0.0, 0.5, 2.0, 5.0, 10.0, 40.0, 299.5, 301.0, 1000.0]


async def happens(world: World, dice: random.Random) -> None:
    """One thing, by the dice."""
    name = dice.choice(TARGETS)
    match dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]:
        case "see":
            await world.see(name, dice.choice(["health", "process"]), good=dice.random() < 0.5, cpu=None)
        case "busy":
            await world.see(name, "process", good=True, cpu=dice.choice([1.0, 99.0]))
        case "acknowledge":
            await world.acknowledge(name)
        case "fault":
            place = world.places[dice.choice(sorted(AUDIENCES))]
            place.fault = dice.choice(["", "", "mute", *FAULTS])
        case "kill":
            await world.kill(dice.randrange(25))
        case "reload":
            await world.reload()
        case "time":
            await world.pass_time(dice.choice(SECONDS))


@pytest.mark.parametrize("seed", range(25))
async def test_everybody_hears_of_everything_in_its_final_state_whatever_fails(seed: int) -> None:
    dice = random.Random(seed)
    world = World()
    await world.start()
    try:
        for _ in range(dice.randrange(5, 80)):
            await happens(world, dice)
        await world.ends_well()
    finally:
        await world.stop()
