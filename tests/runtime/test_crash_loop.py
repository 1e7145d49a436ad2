"""A target that dies again and again: how soon it is started again, when opsbot gives up, what is told."""

from __future__ import annotations

import pytest

from opsbot.domain.levels import Priority
from opsbot.domain.notice import NoticeKind
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.testing.notifier import RecordingNotifier
from tests.runtime.rig import NAME, OLGA, Rig, World, build, running

LIFE = 2.0
"""Seconds that the target lives: it answers, and dies."""


async def a_world() -> World:
    world = World()
    world.host.launch()
    return world


async def waits(rig: Rig, deaths: int, life: float = LIFE) -> list[float]:
    """Seconds from each death to the start that follows it."""
    found, host = [], rig.world.host
    for _ in range(deaths):
        await rig.until(lambda: not rig.state.actions and host.running is not None)
        await rig.clock.advance(life)
        host.end(code=1)
        died, starts = rig.clock.now(), len(host.started)
        await rig.clock.settle()
        while len(host.started) == starts:
            await rig.clock.advance(0.1)
        found.append(rig.clock.now().since(died))
    return found


def within(found: list[float], planned: list[float]) -> bool:
    """Each delay is counted from the start before it, with up to a tenth of jitter; the target has lived and
    been looked after meanwhile."""
    return all(
        max(0.0, plan - 2 * LIFE - 1) <= wait <= max(0.11, 1.1 * plan)
        for wait, plan in zip(found, planned, strict=True)
    )


async def test_the_first_restart_is_at_once_the_next_ones_wait_twice_as_long_up_to_five_minutes() -> None:
    async with running(await build(await a_world(), RestartPolicy(max_per_hour=100))) as rig:
        found = await waits(rig, 12)
    planned = [0.0, *(min(300.0, 2.0**number) for number in range(11))]
    assert within(found, planned), found
    assert found[0] == 0.0


async def test_the_configured_delays_are_kept() -> None:
    policy = RestartPolicy(max_per_hour=100, backoff_first=20.0, backoff_max=45.0)
    async with running(await build(await a_world(), policy)) as rig:
        found = await waits(rig, 5)
    assert within(found, [0.0, 20.0, 40.0, 45.0, 45.0]), found


async def test_after_ten_minutes_of_health_it_begins_anew() -> None:
    async with running(await build(await a_world(), RestartPolicy(max_per_hour=100))) as rig:
        await waits(rig, 6)
        found = [*await waits(rig, 1, life=601.0), *await waits(rig, 2)]
    assert within(found, [0.0, 1.0, 2.0]), found


async def held(rig: Rig) -> None:
    """The target dies until opsbot does no more by itself."""
    await waits(rig, 3)
    await rig.until(lambda: not rig.state.actions)
    rig.world.host.end(code=1)
    await rig.until(lambda: "restarts_on_hold" in firing(rig))


def firing(rig: Rig) -> set[str]:
    return {line.rule for line in rig.incident.alerts if line.firing}


async def test_after_three_in_an_hour_it_holds_which_is_p1_until_the_hour_frees_one() -> None:
    async with running(await build(await a_world())) as rig:
        began = rig.clock.now()
        await held(rig)
        assert rig.incident.priority is Priority.P1
        starts = len(rig.world.host.started)
        await rig.clock.advance(3590.0 - rig.clock.now().since(began))
        assert len(rig.world.host.started) == starts
        await rig.until(lambda: len(rig.world.host.started) > starts, 20.0)
        await rig.until(lambda: "restarts_on_hold" not in firing(rig))


async def test_a_person_frees_it_at_once() -> None:
    async with running(await build(await a_world())) as rig:
        await held(rig)
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "mended it", OLGA)
        await rig.action_ends(action.id)
        assert rig.world.host.running is not None
        await rig.until(lambda: "restarts_on_hold" not in firing(rig))


async def test_more_than_three_restarts_by_whomever_are_p2() -> None:
    """Two by opsbot, one by a person, one by somebody on the machine."""
    async with running(await build(await a_world())) as rig:
        await waits(rig, 2)
        await rig.until(lambda: not rig.state.actions and not rig.incident.live)
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        await rig.action_ends(action.id)
        assert "frequent_restarts" not in firing(rig)
        rig.world.host.end(code=0)
        await rig.clock.advance(1.0)
        rig.world.host.launch(by_hand=True)
        await rig.until(lambda: rig.incident.live and "frequent_restarts" in firing(rig))
        assert rig.incident.priority is Priority.P2
        assert "restarted 4 times within an hour" in rig.incident.title


async def tried_again(rig: Rig, starts: int) -> None:
    await rig.until(lambda: len(rig.world.host.started) > starts or "restarts_on_hold" in firing(rig))


async def test_a_loop_is_one_incident_and_one_message_that_is_edited() -> None:
    """The target dies as soon as it starts, so it is never well in between."""
    world, notifier = await a_world(), RecordingNotifier("ops")
    async with running(await build(world, notifiers={"ops": notifier})) as rig:
        await rig.clock.advance(2.0)
        world.healthy = False
        for _ in range(4):
            if world.host.running is not None:
                world.host.end(code=1)
            await tried_again(rig, len(world.host.started))
        await rig.until(lambda: "restarts_on_hold" in firing(rig))
        await rig.clock.advance(30.0)
    assert list(rig.state.incidents) == [1]
    told = [telling.notice.kind for telling in notifier.told]
    assert told.count(NoticeKind.OPENED) == 1
    assert set(told) <= {NoticeKind.OPENED, NoticeKind.CHANGED, NoticeKind.ESCALATED}
    assert told.count(NoticeKind.ESCALATED) == 1


@pytest.mark.parametrize("cause", ["out of memory", ""])
async def test_what_the_kernel_knows_of_a_death_is_in_the_incident(cause: str) -> None:
    async with running(await build(await a_world())) as rig:
        await rig.clock.advance(2.0)
        rig.world.host.end(signal=9, cause=cause)
        await rig.until(lambda: bool(rig.state.incidents))
        reason = rig.incident.alerts[0].reason
        assert ("(out of memory)" in reason) is bool(cause)
        assert "killed by SIGKILL" in reason
