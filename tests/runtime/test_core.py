"""The runtime as a whole: what a start finds, what an end leaves, and a command without a running opsbot."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from opsbot.domain.action import Action, ActionState
from opsbot.domain.levels import Severity
from opsbot.domain.notice import Audience, NoticeKind
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.inputs import ActionAsked
from opsbot.errors import DeliveryError, SupervisorError
from opsbot.supervisors.base import Look
from opsbot.testing.notifier import RecordingNotifier
from opsbot.testing.supervisor import FakeSupervisor
from tests.bound import BOUND
from tests.runtime.rig import ALL, NAME, OLGA, World, build, changes, running


async def test_what_waited_for_delivery_when_opsbot_ended_is_delivered_once_after_its_start() -> None:
    world = World()
    world.host.launch()
    ops = RecordingNotifier("ops")
    ops.fails.extend([DeliveryError("503", permanent=False)] * 1000)
    async with running(await build(world, notifiers={"ops": ops})) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await rig.clock.advance(30.0)
        assert ops.told == []
    ops.fails.clear()
    async with running(await build(world, notifiers={"ops": ops})) as rig:
        await rig.clock.advance(10.0)
        assert rig.state.notices == {}
    assert len(ops.told) == 1
    assert ops.told[0].notice.kind is NoticeKind.OPENED
    assert not ops.told[0].incident.live
    async with running(await build(world, notifiers={"ops": ops})) as rig:
        await rig.clock.advance(10.0)
    assert len(ops.told) == 1


async def test_a_firing_alert_of_before_is_no_reason_to_restart_what_came_back_by_itself() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world, RestartPolicy(enabled=False))) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await rig.clock.advance(2.0)
        assert rig.incident.live
    world.host.launch(by_hand=True)
    async with running(await build(world)) as rig:
        await rig.clock.advance(10.0)
        assert not rig.incident.live
    assert (world.host.started, world.host.stopped) == ([], [])


async def test_a_target_that_died_while_opsbot_was_away_is_restarted_with_an_incident() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "first", OLGA)
        await rig.action_ends(action.id)
        await rig.clock.advance(700.0)
    world.host.end(code=1)
    async with running(await build(world)) as rig:
        await rig.clock.advance(10.0)
        assert len(world.host.started) == 2
        assert any("exited with code 1" in entry.text for entry in rig.incident.timeline)


async def test_a_target_that_a_person_stopped_stays_stopped_after_the_next_start() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(1.0)
        await rig.runtime.pipeline.ask(ActionAsked(NAME, ActionKind.STOP, OLGA, "maintenance"))
        await rig.until(lambda: rig.state.actions == {})
        assert world.host.running is None
    for _ in range(2):
        async with running(await build(world)) as rig:
            await rig.clock.advance(60.0)
            assert rig.state.incidents == {}
    assert world.host.started == []


async def test_an_alert_whose_rule_was_taken_out_of_the_configuration_ends_with_the_next_start() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world, RestartPolicy(enabled=False))) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await rig.clock.advance(2.0)
    rig = await build(world, notifiers={"other": RecordingNotifier("other")})
    del rig.state.known[NAME]
    rig.runtime.scheduler.watched.clear()
    rig.runtime.processes.supervisors = {}
    async with running(rig):
        await rig.clock.settle()
        assert not rig.incident.live
        assert [n for n in rig.state.notices.values() if n.notifier == "ops"] == []
    assert "no longer configured" in " ".join(entry.text for entry in rig.incident.timeline)


async def test_an_action_on_a_target_without_supervisor_now_ends_with_the_next_start() -> None:
    world = World()
    world.host.launch()
    world.host.stubborn = True
    async with running(await build(world)) as rig:
        await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        await rig.clock.advance(1.0)
    rig = await build(world)
    known = rig.state.known[NAME]
    known.target = replace(known.target, supervisor=None)
    async with running(rig):
        await rig.clock.settle()
        assert rig.state.actions == {}
    ended = [c for c in changes(rig) if isinstance(c, Action)][-1]
    assert ended.state is ActionState.FAILED


async def test_a_notifier_is_told_only_of_its_severities() -> None:
    world = World()
    world.host.launch()
    loud, all_of_it = RecordingNotifier("loud"), RecordingNotifier("all")
    levels = {"loud": Audience(levels=frozenset({Severity.WARNING})), "all": ALL}
    async with running(await build(world, notifiers={"loud": loud, "all": all_of_it}, levels=levels)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await rig.clock.advance(10.0)
    assert loud.told == []
    assert all_of_it.told


class Clinging(FakeSupervisor):
    """Cannot be closed, and cannot look."""

    async def find(self) -> Look:
        raise SupervisorError("no permission to look")

    async def close(self) -> None:
        raise OSError("busy")


class Stuck(RecordingNotifier):
    """Never lets go."""

    async def close(self) -> None:
        await asyncio.get_running_loop().create_future()


async def test_everything_is_closed_although_one_breaks_and_one_hangs() -> None:
    world = World()
    ops = RecordingNotifier("ops")
    notifiers = {"stuck": Stuck("stuck"), "ops": ops}
    async with asyncio.timeout(BOUND):
        async with running(await build(world, notifiers=notifiers, supervisor=Clinging(world.host))):
            pass
    assert ops.closed


async def test_a_person_can_restart_a_target_while_no_opsbot_runs_and_nothing_else_happens() -> None:
    world = World()
    old = world.host.launch()
    ops = RecordingNotifier("ops")
    rig = await build(world, notifiers={"ops": ops})
    started = asyncio.Event()
    task = asyncio.create_task(rig.runtime.run_for_a_person(started))
    await rig.clock.settle()
    assert started.is_set()
    action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "by hand", OLGA)
    ended = await rig.action_ends(action.id)
    assert ended.state is ActionState.DONE
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert world.host.stopped == [old.process]
    assert ops.told == []
    async with running(await build(world)) as rig:
        assert rig.state.actions == {}, "it was durable before it was shown"
        await rig.clock.advance(10.0)
    assert len(world.host.started) == 1


async def test_a_person_is_told_what_keeps_the_supervisor_from_looking() -> None:
    world = World()
    rig = await build(world, supervisor=Clinging(world.host))
    started = asyncio.Event()
    task = asyncio.create_task(rig.runtime.run_for_a_person(started))
    await asyncio.wait_for(started.wait(), BOUND)
    action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "by hand", OLGA)
    ended = await rig.action_ends(action.id)
    assert "no permission to look" in ended.detail
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
