"""Stopped by a person, blocked by what looks alike, started again."""

from __future__ import annotations

from opsbot.domain.action import Action, ActionState
from opsbot.domain.process import Holder, ProcessId
from opsbot.domain.rule import ActionKind
from opsbot.errors import SupervisorError
from tests.runtime.rig import NAME, OLGA, OTTO, World, build, changes, running


async def test_a_stop_of_what_is_about_to_be_started_by_somebody_else_calls_that_off() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        world.host.restarting = True
        world.host.crash(successor=30.0)
        await rig.clock.advance(1.0)
        action = await rig.runtime.ops.act(NAME, ActionKind.STOP, "maintenance", OLGA)
        ended = await rig.action_ends(action.id)
        assert ended.state is ActionState.DONE
        assert not world.host.restarting
        await rig.clock.advance(120.0)
    assert world.host.started == []


async def test_what_a_person_stopped_stays_stopped_also_after_opsbot_restarts() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        action = await rig.runtime.ops.act(NAME, ActionKind.STOP, "maintenance", OLGA)
        assert (await rig.action_ends(action.id)).state is ActionState.DONE
        await rig.clock.advance(300.0)
    async with running(await build(world)) as rig:
        await rig.clock.advance(300.0)
        assert (world.host.started, world.host.running) == ([], None)
        assert rig.state.incidents == {}
        again = await rig.runtime.ops.act(NAME, ActionKind.STOP, "to be sure", OTTO)
        assert (await rig.action_ends(again.id)).detail == (
            "did not run, and stays stopped until somebody starts it"
        )
        action = await rig.runtime.ops.act(NAME, ActionKind.START, "done", OTTO)
        assert (await rig.action_ends(action.id)).state is ActionState.DONE
        assert world.host.running is not None


async def test_a_leftover_of_its_own_that_cannot_be_ended_is_named() -> None:
    world = World()
    world.host.launch()
    stuck = Holder(1001, "python", "bot", ours=True)
    async with running(await build(world, ports=(5000,))) as rig:
        world.host.holders[5000] = stuck
        world.host.unswept = True
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        ended = await rig.action_ends(action.id)
    assert ended.state is ActionState.FAILED
    assert "a leftover of its own that could not be ended: pid 1001" in ended.detail


async def test_a_start_that_a_lookalike_blocked_is_tried_again_when_that_is_gone() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        world.host.candidates = [(ProcessId(world.clock.boot_id, 77, 1), "it has more arguments: --debug")]
        world.host.failures = [SupervisorError("it may run already: pid 77", permanent=True)]
        world.host.end(code=1)
        await rig.clock.advance(30.0)
        assert (world.host.started, len(world.host.failures)) == ([], 0)
        assert "it may run already: pid 77" in rig.incident.doing
        world.host.candidates = []
        await rig.until(lambda: bool(world.host.started))
        await rig.until(lambda: not rig.incident.live)


async def test_what_looks_like_the_target_and_holds_its_port_is_to_be_adopted_not_only_stopped() -> None:
    world = World()
    world.host.candidates = [(ProcessId(world.clock.boot_id, 77, 1), "it has more arguments: --debug")]
    world.host.holders[5000] = Holder(77, "python", "bot", ours=False)
    async with running(await build(world, ports=(5000,))) as rig:
        await rig.clock.advance(120.0)
        remedy = "looks like this target: take it with /adopt or `opsbot adopt`, or stop it (pid 77"
        assert remedy in rig.incident.doing
        assert len([a for a in changes(rig) if isinstance(a, Action) and a.ended]) == 1, "tried once"
        world.host.candidates = []
        world.host.holders.clear()
        await rig.clock.advance(10.0)
        assert world.host.running is not None
    assert not rig.incident.live
