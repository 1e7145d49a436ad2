"""A restart, from the death of a process to its successor's good health."""

from __future__ import annotations

import asyncio

import pytest

from opsbot.domain.action import Action, ActionState, StepName, StepState
from opsbot.domain.levels import IncidentState
from opsbot.domain.process import Holder
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.inputs import ActionAsked
from opsbot.errors import Refused, SupervisorError
from tests.runtime.rig import NAME, OLGA, OTTO, World, build, running, step_of


async def test_a_crash_is_told_restarted_and_over_without_anybody_doing_anything() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(3.0)
        world.host.end(code=1)
        await rig.clock.settle()
        assert len(world.host.started) == 1
        await rig.until(lambda: bool(rig.state.incidents) and not rig.incident.live)
    assert world.host.copies == 1
    assert rig.incident.state is IncidentState.RESOLVED
    assert any("restarted in" in entry.text for entry in rig.incident.timeline)


async def test_on_day_one_a_target_that_does_not_run_is_started_and_nobody_is_woken() -> None:
    world = World()
    async with running(await build(world)) as rig:
        await rig.clock.advance(10.0)
    assert len(world.host.started) == 1
    assert rig.state.incidents == {}


async def test_a_target_that_runs_is_adopted_and_left_alone() -> None:
    world = World()
    world.host.launch(by_hand=True)
    async with running(await build(world)) as rig:
        await rig.clock.advance(60.0)
    assert (world.host.started, world.host.stopped) == ([], [])
    assert rig.state.incidents == {}


async def test_a_deploy_by_hand_is_adopted_within_the_hand_over_time() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(signal=15)
        await rig.clock.advance(5.0)
        by_hand = world.host.launch(by_hand=True)
        await rig.clock.advance(30.0)
        assert rig.runtime.processes.current(NAME) == by_hand.process
    assert world.host.started == []
    assert rig.state.incidents == {}


async def test_a_clean_exit_that_nobody_follows_up_is_restarted_at_the_end_of_the_hand_over_time() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=0)
        await rig.clock.advance(14.5)
        assert world.host.started == []
        await rig.clock.advance(1.0)
        assert len(world.host.started) == 1


async def test_a_target_that_ignores_the_stop_is_killed_and_the_step_says_so() -> None:
    world = World()
    world.host.launch()
    world.host.stubborn = True
    async with running(await build(world)) as rig:
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "stuck", OLGA)
        ended = await rig.action_ends(action.id)
    assert ended.state is ActionState.DONE
    assert step_of(ended, StepName.KILL).state is StepState.DONE
    assert "did not stop within 10 s" in step_of(ended, StepName.KILL).detail
    assert world.host.copies == 1


async def test_a_foreign_program_on_the_port_is_named_and_left_alone_and_nothing_is_started() -> None:
    world = World()
    world.host.launch()
    world.host.holders[5000] = Holder(4711, "/usr/bin/nginx", "www-data")
    async with running(await build(world, ports=(5000,))) as rig:
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        ended = await rig.action_ends(action.id)
    assert ended.state is ActionState.FAILED
    assert step_of(ended, StepName.PORT).state is StepState.FAILED
    for word in ("4711", "/usr/bin/nginx", "www-data"):
        assert word in ended.detail
    assert world.host.started == []
    assert 5000 in world.host.holders


async def test_the_targets_own_leftover_on_the_port_is_no_obstacle() -> None:
    world = World()
    world.host.launch()
    world.host.holders[5000] = Holder(1001, "python", "bot", ours=True)
    async with running(await build(world, ports=(5000,))) as rig:
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        assert (await rig.action_ends(action.id)).state is ActionState.DONE


async def test_a_start_that_can_never_work_is_not_tried_again_and_shows_the_last_log_lines() -> None:
    world = World()
    world.host.launch()
    world.host.output = ["Traceback", "ModuleNotFoundError: src"]
    world.host.failures = [SupervisorError("there is no `poetry` here", permanent=True)] * 50
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await rig.clock.advance(400.0)
        tried = 50 - len(world.host.failures)
        assert tried == 1
        assert rig.incident.live
        assert "trying again cannot help (step 5 of 6: there is no `poetry` here)" in rig.incident.doing
        assert any("ModuleNotFoundError" in entry.text for entry in rig.incident.timeline)
        world.host.failures.clear()
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "installed it", OLGA)
        assert (await rig.action_ends(action.id)).state is ActionState.DONE
        await rig.until(lambda: not rig.incident.live)


async def test_a_start_that_fails_again_and_again_backs_off_and_ends_on_hold() -> None:
    world = World()
    world.host.launch()
    world.host.failures = [SupervisorError("no memory")] * 50
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await rig.clock.advance(300.0)
        assert 50 - len(world.host.failures) == 3
        assert "restarts_on_hold" in {line.rule for line in rig.incident.alerts if line.firing}
        world.host.failures.clear()
        await rig.runtime.ops.act(NAME, ActionKind.RESTART, "there is memory again", OLGA)
        await rig.until(lambda: not rig.incident.live)
    assert len(world.host.started) == 1


async def test_a_target_that_starts_and_never_answers_fails_after_the_start_timeout_with_its_log() -> None:
    world = World(healthy=False)
    world.host.launch()
    world.host.output = ["waiting for the database"]
    async with running(await build(world, RestartPolicy(start_timeout=20.0, enabled=False))) as rig:
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "try", OLGA)
        began = rig.clock.now()
        ended = await rig.action_ends(action.id)
        assert 20.0 <= rig.clock.now().since(began) <= 22.0
    assert ended.state is ActionState.FAILED
    assert step_of(ended, StepName.VERIFY).state is StepState.FAILED
    assert "not healthy after 20 s" in ended.detail
    assert "HTTP 503" in ended.detail
    assert ended.detail.endswith("waiting for the database")


async def test_a_target_that_dies_while_it_is_verified_fails_at_once_with_how_it_ended() -> None:
    world = World(healthy=False)
    world.host.launch()
    async with running(await build(world, RestartPolicy(enabled=False))) as rig:
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "try", OLGA)
        await rig.clock.advance(3.0)
        world.host.end(code=3)
        await rig.clock.advance(0.5)
        ended = await rig.action_ends(action.id)
    assert "exited with code 3 right after the start" in ended.detail


async def test_an_exit_code_that_forbids_it_during_the_start_ends_the_restarts() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(2.0)
        world.healthy = False
        world.host.end(code=1)
        await rig.clock.advance(1.0)
        world.host.end(code=78)
        await rig.clock.advance(600.0)
        assert len(world.host.started) == 1
        assert "exit code 78" in rig.incident.doing


async def test_restart_pressed_twenty_times_by_two_people_is_one_restart() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        asked = [rig.runtime.ops.act(NAME, ActionKind.RESTART, "now", (OLGA, OTTO)[n % 2]) for n in range(20)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refused = [a for a in answers if isinstance(a, Refused)]
        assert len(refused) == 19
        assert all("in progress, asked by Olga" in str(a) for a in refused)
        await rig.clock.advance(30.0)
    assert len(world.host.started) == 1


async def test_a_restart_asked_before_the_target_was_found_replaces_what_runs() -> None:
    world = World()
    old = world.host.launch(by_hand=True)
    rig = await build(world)
    async with running(rig, settle=False):
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "at once", OLGA)
        assert (await rig.action_ends(action.id)).state is ActionState.DONE
    assert world.host.stopped == [old.process]
    assert len(world.host.started) == 1


async def test_a_start_of_what_somebody_started_meanwhile_stops_nothing() -> None:
    world = World()
    world.host.start_seconds = 5.0
    async with running(await build(world)) as rig:
        await rig.clock.advance(1.0)
        by_hand = world.host.launch(by_hand=True)
        await rig.clock.advance(30.0)
        assert rig.runtime.processes.current(NAME) == by_hand.process
    assert (world.host.started, world.host.stopped) == ([], [])


async def test_starting_what_runs_leaves_it_running() -> None:
    world = World()
    running_already = world.host.launch(by_hand=True)
    async with running(await build(world)) as rig:
        await rig.clock.advance(1.0)
        decided = await rig.runtime.pipeline.ask(ActionAsked(NAME, ActionKind.START, OLGA, "is it on?"))
        action = next(change for change in decided.changes if isinstance(change, Action))
        ended = await rig.action_ends(action.id)
        assert ended.state is ActionState.DONE
        assert step_of(ended, StepName.PORT).detail == "it runs already"
        assert ended.detail.startswith("ran already, pid ")
        assert rig.runtime.processes.current(NAME) == running_already.process
    assert (world.host.started, world.host.stopped) == ([], [])


async def test_whoever_sees_a_restart_ended_may_ask_for_the_next_one() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world, RestartPolicy(max_per_hour=10))) as rig:
        for _ in range(3):
            action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "again", OLGA)

            async def ends(number: int = action.id) -> None:
                async for seen in rig.runtime.ops.follow(number):
                    if seen.state is not ActionState.RUNNING:
                        assert rig.state.action_on(NAME) is None

            following = asyncio.create_task(ends())
            await rig.until(following.done)
            await following


async def test_a_broken_supervisor_ends_the_action_and_not_the_watching(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(1.0)
        supervisor = rig.runtime.processes.supervisors[NAME]

        async def broken(*_: object) -> None:
            raise ZeroDivisionError("a bug")

        monkeypatch.setattr(supervisor, "start", broken)
        monkeypatch.setattr(supervisor, "tail", broken)
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "try", OLGA)
        ended = await rig.action_ends(action.id)
        assert ended.state is ActionState.FAILED
        assert step_of(ended, StepName.START).state is StepState.FAILED
        assert "ZeroDivisionError" in ended.detail
        monkeypatch.undo()
        await rig.until(lambda: bool(world.host.started))
