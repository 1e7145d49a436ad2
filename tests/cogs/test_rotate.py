"""`/rotate` and `/adopt`: what changes a log or takes a process over."""

from __future__ import annotations

from opsbot.domain.action import StepState
from opsbot.rotation.base import Plan, Way
from tests.cogs.stage import Stage, refused, said
from tests.cogs.test_restart import answers, press, private, public

RISKY = Plan(
    Way.TRUNCATE, 5 * 2**20, "its writer does not append", "Lines written within some ms may be lost."
)


async def test_a_rotation_that_loses_nothing_begins_at_once_and_shows_its_steps(up: Stage) -> None:
    with up.sim.env.in_a_hurry():
        await up.world.olga.slash(up.world.ops, "rotate", max_size_mb=50, keep=3)
    await up.sim.wait_for(lambda: up.operations.asked("follow"))
    assert up.operations.asked("rotate")[0].detail == f"{50 * 2**20} 3"
    await up.operations.step(1, 0, StepState.DONE, 0.25)
    await up.sim.wait_for(lambda: private(up, "✅ 1. Set the log aside (250 ms)"))
    await up.operations.end(1)
    await up.sim.wait_for(lambda: public(up, "summarybot: rotation done"))


async def test_a_rotation_that_may_lose_lines_is_asked_first(up: Stage) -> None:
    up.operations.plan = RISKY
    asked = await up.world.olga.slash(up.world.ops, "rotate")
    assert asked.ephemeral
    assert "may be lost" in said(asked)
    assert up.operations.asked("rotate") == []
    with up.sim.env.in_a_hurry():
        await press(up.world.olga, asked, "Confirm")
    await up.sim.wait_for(lambda: up.operations.asked("rotate"))
    await up.operations.end(1)


async def test_a_rotation_that_was_asked_first_can_be_cancelled(up: Stage) -> None:
    up.operations.plan = RISKY
    asked = await up.world.olga.slash(up.world.ops, "rotate")
    assert set(answers(asked)) == {"Confirm", "Cancel"}
    result = await press(up.world.olga, asked, "Cancel")
    assert "You cancelled the rotation of the log of summarybot." in said(result)
    assert up.operations.asked("rotate") == []


async def test_a_risky_rotation_that_would_do_nothing_is_not_asked_first(up: Stage) -> None:
    up.operations.plan = RISKY
    with up.sim.env.in_a_hurry():
        await up.world.olga.slash(up.world.ops, "rotate", max_size_mb=100)
    await up.sim.wait_for(lambda: up.operations.asked("rotate"))
    await up.operations.end(1)


async def test_what_looks_like_the_target_is_listed_for_the_asker_alone(up: Stage) -> None:
    up.operations.lookalikes = ((4711, "it has more arguments: --debug @everyone"),)
    asked = await up.world.olga.slash(up.world.ops, "adopt")
    assert asked.ephemeral
    assert "pid **4711**: it has more arguments: --debug" in said(asked)
    assert up.operations.asked("adopt") == []


async def test_an_admin_takes_a_process_over_and_everybody_sees_it(up: Stage) -> None:
    up.operations.lookalikes = ((4711, "it has more arguments: --debug"),)
    asked = await up.world.olga.slash(up.world.ops, "adopt", pid=4711)
    assert not asked.ephemeral
    assert "pid 4711 is now summarybot" in said(asked)
    assert [call.detail for call in up.operations.asked("adopt")] == ["4711"]


async def test_a_process_that_does_not_look_like_it_is_not_taken(up: Stage) -> None:
    asked = await up.world.olga.slash(up.world.ops, "adopt", pid=1)
    assert "is no process that looks like" in said(asked)


async def test_when_nothing_looks_like_it_that_is_said(up: Stage) -> None:
    assert "Nothing else looks like summarybot" in said(await up.world.olga.slash(up.world.ops, "adopt"))
    assert not refused(await up.world.olga.slash(up.world.ops, "adopt"))
