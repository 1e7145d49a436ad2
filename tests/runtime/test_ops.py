"""What people ask of the runtime, and what they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from opsbot.domain.action import Action, ActionState, StepName, StepState, Wanted
from opsbot.domain.actor import AUTO
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import Change
from opsbot.domain.levels import IncidentState, Outcome
from opsbot.domain.metrics import Window
from opsbot.domain.process import ProcessId
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.inputs import SampleSeen
from opsbot.errors import Refused, Stopping, UsageError
from opsbot.runtime.following import KEPT_ACTIONS
from opsbot.runtime.ops import MAX_PAUSE
from opsbot.testing.store import MemoryState
from tests.runtime.rig import NAME, OLGA, OTTO, Rig, World, build, changes, running, sample, step_of


async def built(policy: RestartPolicy | None = None) -> Rig:
    world = World()
    world.host.launch()
    return await build(world, policy)


async def test_an_unknown_target_is_answered_with_the_nearest_right_name() -> None:
    async with running(await built()) as rig:
        ops = rig.runtime.ops
        with pytest.raises(UsageError, match="no target `summarybto`: did you mean `summarybot`"):
            await ops.health("summarybto")
        with pytest.raises(UsageError, match="known are summarybot"):
            await ops.metrics("xyz", Window(60.0))
        for asked in (
            ops.pause("x", 60.0, "", OLGA),
            ops.resume("x", OLGA),
            ops.act("x", ActionKind.RESTART, "", OLGA),
        ):
            with pytest.raises(UsageError):
                await asked


async def test_a_fresh_report_shows_what_was_just_looked_at() -> None:
    rig = await built()
    async with running(rig):
        await rig.clock.advance(0.5)
        rig.world.healthy = False
        asked = asyncio.create_task(rig.runtime.ops.health(NAME, fresh=True))
        await rig.clock.settle()
        report = await asked
        assert report.outcome is Outcome.FAIL
        assert {section.title for section in report.sections} == {"Discord Bot Process", "Webhook API"}


class Slow(MemoryState):
    """Takes a second for each commit."""

    async def commit(self, changes: Sequence[Change]) -> None:
        await self._clock.sleep(1.0)
        await super().commit(changes)


async def test_a_fresh_report_is_not_older_than_the_look_while_the_store_is_busy() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world, store=Slow(world.clock, world.disk))) as rig:
        await rig.clock.advance(0.5)
        pausing = asyncio.create_task(rig.runtime.ops.pause(NAME, 60.0, "deploy", OLGA))
        await rig.clock.settle()
        world.healthy = False
        asked = asyncio.create_task(rig.runtime.ops.health(NAME, fresh=True))
        await rig.until(asked.done)
        assert (await asked).outcome is Outcome.FAIL
        await rig.until(pausing.done)


async def test_a_report_notes_a_pause_and_an_action_in_progress() -> None:
    rig = await built()
    rig.world.host.stubborn = True
    async with running(rig):
        ops = rig.runtime.ops
        await ops.pause(NAME, 600.0, "deploy", OLGA)
        await ops.act(NAME, ActionKind.RESTART, "stuck", OTTO)
        notes = (await ops.health(NAME)).notes
        assert notes == (
            "Automation paused by Olga for 10 more min: deploy",
            "A restart is in progress, asked by Otto",
        )
        info = ops.targets()[0]
        assert info.pause is not None
        assert info.running is True


async def test_a_pause_is_no_longer_than_a_week_and_a_window_no_longer_than_a_year() -> None:
    async with running(await built()) as rig:
        for seconds in (0.0, -5.0, MAX_PAUSE + 1, float("nan"), float("inf")):
            with pytest.raises(UsageError):
                await rig.runtime.ops.pause(NAME, seconds, "x", OLGA)
            with pytest.raises(UsageError):
                await rig.runtime.ops.metrics(NAME, Window(min(seconds, -1.0) if seconds > 0 else seconds))
        assert rig.state.pauses == {}


async def test_resuming_says_whether_there_was_a_pause() -> None:
    async with running(await built()) as rig:
        assert not await rig.runtime.ops.resume(NAME, OLGA)
        paused = await rig.runtime.ops.pause(NAME, 60.0, "deploy", OLGA)
        assert paused.reason == "deploy"
        assert await rig.runtime.ops.resume(NAME, OLGA)


async def test_two_who_acknowledge_at_once_get_one_yes_and_one_name() -> None:
    rig = await built(RestartPolicy(enabled=False))
    async with running(rig):
        await rig.clock.advance(2.0)
        rig.world.host.end(code=1)
        await rig.until(lambda: bool(rig.state.incidents))
        asked = [rig.runtime.ops.acknowledge(1, who, "mine") for who in (OLGA, OTTO)]
        yes, no = await asyncio.gather(*asked, return_exceptions=True)
        assert not isinstance(yes, BaseException)
        assert (yes.state, yes.acknowledged_by) == (IncidentState.ACKNOWLEDGED, OLGA)
        assert isinstance(no, Refused)
        assert "Olga" in str(no)
        assert rig.runtime.ops.incidents() == (rig.incident,)


async def test_a_running_action_is_followed_step_by_step_to_its_end() -> None:
    rig = await built()
    rig.world.host.start_seconds = 1.0
    async with running(rig):
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        seen: list[Action] = []

        async def follow() -> None:
            seen.extend([step async for step in rig.runtime.ops.follow(action.id)])

        following = asyncio.create_task(follow())
        await rig.until(following.done)
        assert seen[0].state is ActionState.RUNNING
        assert seen[-1].state is ActionState.DONE
        assert any(step_of(one, StepName.START).state is StepState.RUNNING for one in seen)
        again = [step async for step in rig.runtime.ops.follow(action.id)]
        assert again == [seen[-1]]


async def test_an_unknown_action_is_not_followed_and_leaves_nothing_behind() -> None:
    async with running(await built()) as rig:
        for number in range(100, 200):
            with pytest.raises(UsageError, match=f"no action {number}"):
                await anext(rig.runtime.ops.follow(number))
        assert rig.runtime.ops.followers._queues == {}


async def test_a_follower_that_goes_away_is_forgotten_and_the_action_goes_on() -> None:
    rig = await built()
    async with running(rig):
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        async with aclosing(rig.runtime.ops.follow(action.id)) as steps:
            await anext(steps)
        assert rig.runtime.ops.followers._queues == {}
        await rig.until(lambda: rig.state.actions == {})
        assert len(rig.world.host.started) == 1


async def test_a_follower_is_told_when_opsbot_ends_before_the_action() -> None:
    rig = await built()
    rig.world.host.stubborn = True
    async with running(rig):
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)

        async def follow() -> None:
            async for _ in rig.runtime.ops.follow(action.id):
                pass

        following = asyncio.create_task(follow())
        await rig.clock.advance(1.0)
        assert not following.done()
        following.add_done_callback(lambda _: None)
        await end_of(rig)
        with pytest.raises(Stopping, match="finished after its next start"):
            await following


async def end_of(rig: Rig) -> None:
    """Ends the runtime as its context does, with the followers still there."""
    await rig.runtime._close()


async def test_a_long_action_is_still_followed_after_fifty_short_ones_elsewhere() -> None:
    rig = await built()
    rig.world.host.stubborn = True
    async with running(rig):
        ops = rig.runtime.ops
        action = await ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        async with aclosing(ops.follow(action.id)) as steps:
            await anext(steps)
            for number in range(1000, 1000 + 2 * KEPT_ACTIONS):
                ops.show(Action(number, "x", action.kind, AUTO, "", action.asked, 1, state=ActionState.DONE))
            assert len(ops.followers._shown) <= KEPT_ACTIONS + 1
            await rig.clock.advance(1.0)
            assert (await anext(steps)).id == action.id


async def test_who_was_refused_is_recorded() -> None:
    async with running(await built()) as rig:
        await rig.runtime.ops.refused(OTTO, "restart", NAME, "not an admin")
        entries = [c for c in changes(rig) if isinstance(c, AuditEntry)]
        assert [(e.actor, e.verb, e.outcome) for e in entries] == [(OTTO, "restart", "refused")]


async def test_loops_are_paused_run_and_resumed_and_that_is_recorded() -> None:
    async with running(await built()) as rig:
        ops = rig.runtime.ops
        assert {loop.name for loop in ops.loops()} == {"health", "performance"}
        assert not (await ops.pause_loop("health", OLGA)).running
        assert (await ops.run_loop("health")).runs >= 1
        assert (await ops.resume_loop("health", OLGA)).running
        verbs = [c.verb for c in changes(rig) if isinstance(c, AuditEntry)]
        assert verbs == ["pause loop", "resume loop"]


async def test_metrics_show_now_and_the_past() -> None:
    async with running(await built()) as rig:
        for value in (1.0, 2.0, 3.0):
            given = sample("process", Outcome.OK, rig.clock, cpu_percent=value)
            rig.runtime.history.add(given)
            await rig.runtime.pipeline.post(SampleSeen(given))
            await rig.clock.advance(0.01)
        report = await rig.runtime.ops.metrics(NAME, Window(600.0))
        cpu = next(m for m in report.metrics if m.name == "cpu_percent")
        assert (cpu.minimum, cpu.mean, cpu.maximum) == (1.0, 2.0, 3.0)


async def test_a_report_says_that_a_person_stopped_it_and_that_somebody_started_it_since() -> None:
    world = World()
    world.host.launch()
    async with running(await build(world)) as rig:
        await rig.clock.advance(1.0)
        action = await rig.runtime.ops.act(NAME, ActionKind.STOP, "maintenance", OLGA)
        await rig.action_ends(action.id)
        notes = (await rig.runtime.ops.health(NAME)).notes
        assert notes == ("Stopped by Olga: maintenance. It stays stopped until somebody starts it",)
        world.host.launch(by_hand=True)
        await rig.clock.advance(2.0)
        notes = (await rig.runtime.ops.health(NAME)).notes
        assert "Somebody started it since" in notes[0]


async def test_what_looks_like_the_target_is_named_and_taken_on_a_persons_word() -> None:
    world = World()
    process = ProcessId(world.clock.boot_id, 77, 1)
    world.host.candidates = [(process, "it has more arguments: --debug")]
    async with running(await build(world, RestartPolicy(enabled=False))) as rig:
        await rig.clock.advance(2.0)
        ops = rig.runtime.ops
        notes = (await ops.health(NAME)).notes
        assert "pid 77 looks like it (it has more arguments: --debug)" in notes[0]
        assert await ops.candidates(NAME) == ((77, "it has more arguments: --debug"),)
        with pytest.raises(UsageError, match=r"pid 78 is no process that looks like .*pid 77"):
            await ops.adopt(NAME, 78, OLGA)
        assert (await ops.adopt(NAME, 77, OLGA)).process == process
        await rig.clock.settle()
        assert rig.runtime.processes.current(NAME) == process
        assert rig.state.known[NAME].running is not None
        entries = [c for c in changes(rig) if isinstance(c, AuditEntry) and c.verb == "adopt"]
        assert [(e.actor, e.reason) for e in entries] == [(OLGA, "pid 77")]


async def test_what_is_adopted_after_a_stop_is_wanted_to_run() -> None:
    world = World()
    async with running(await build(world)) as rig:
        ops = rig.runtime.ops
        await ops.act(NAME, ActionKind.STOP, "maintenance", OLGA)
        await rig.until(lambda: not rig.state.actions)
        world.host.candidates = [(ProcessId(world.clock.boot_id, 77, 1), "it runs elsewhere")]
        await ops.adopt(NAME, 77, OTTO)
        desired = rig.state.desired[NAME]
        assert (desired.wanted, desired.actor, desired.reason) == (Wanted.RUNNING, OTTO, "adopted as pid 77")
        assert (await ops.health(NAME)).notes == ()
