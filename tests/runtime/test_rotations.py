"""Logs rotated by size, by the clock, by a rule and by people; finished after anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.domain.action import Action, ActionState, Rotate, StepName, StepState
from opsbot.domain.audit import AuditEntry
from opsbot.domain.rotation import LogSpec, RotationPolicy
from opsbot.domain.rule import ActionKind
from opsbot.errors import Refused, UsageError
from opsbot.rotation.base import TooSmall, Way
from opsbot.runtime.rotations import FIRST_LOOK, KeptLog
from opsbot.testing.rotation import FakeLog, FakeRotator
from tests.runtime.rig import NAME, OLGA, OTTO, Rig, World, build, changes, running, step_of

MB = 2**20
SPEC = LogSpec(Path("/srv/bot/bot.log"), Path("/srv/bot/archive"), "bot", keep=3)
POLICY = RotationPolicy(SPEC, min_bytes=100 * MB, interval=360.0)


@pytest.fixture
async def world() -> World:
    made = World()
    made.host.launch()
    return made


def log_of(world: World, size: int = 5 * MB) -> FakeLog:
    return FakeLog(world.clock, size=size)


async def rotating(world: World, log: FakeLog, policy: RotationPolicy = POLICY) -> Rig:
    return await build(world, rotation=KeptLog(policy, FakeRotator(policy.log, log)))


def rotations(rig: Rig) -> list[Action]:
    """Every rotation that was ever decided, as it ended."""
    found = {c.id: c for c in changes(rig) if isinstance(c, Action) and c.kind is ActionKind.ROTATE_LOGS}
    return list(found.values())


async def rotate(rig: Rig, wanted: Rotate | None = None) -> Action:
    action = await rig.runtime.ops.rotate(NAME, "by hand", OLGA, wanted or Rotate())
    return await rig.action_ends(action.id)


async def test_a_person_rotates_at_once_and_sees_every_step(world: World) -> None:
    log = log_of(world)
    async with running(await rotating(world, log)) as rig:
        ended = await rotate(rig)
    assert ended.state is ActionState.DONE
    assert step_of(ended, StepName.SET_ASIDE).detail == "5 MB set aside (a test wants it so)"
    assert "archived as bot_" in ended.detail
    assert (log.size, len(log.archives), log.asides) == (0, 1, [])


async def test_progress_is_told_while_it_compresses(world: World) -> None:
    log = log_of(world)
    log.seconds = 8.0
    async with running(await rotating(world, log)) as rig:
        action = await rig.runtime.ops.rotate(NAME, "by hand", OLGA, Rotate())
        seen = [one async for one in _followed(rig, action.id)]
    details = [step_of(one, StepName.COMPRESS).detail for one in seen]
    assert any(detail.startswith("50% of 5 MB") for detail in details)


async def _followed(rig: Rig, number: int) -> AsyncIterator[Action]:
    found: list[Action] = []

    async def follow() -> None:
        found.extend([one async for one in rig.runtime.ops.follow(number)])

    following = asyncio.create_task(follow())
    await rig.until(following.done)
    for one in found:
        yield one


async def test_a_log_smaller_than_asked_for_stays_as_it_is(world: World) -> None:
    log = log_of(world)
    async with running(await rotating(world, log)) as rig:
        ended = await rotate(rig, Rotate(min_bytes=10 * MB))
    assert ended.state is ActionState.DONE
    assert "the log stays as it is: it has 5 MB, less than the limit" in ended.detail
    assert (log.size, log.archives) == (5 * MB, [])


async def test_old_archives_are_removed_by_the_number_that_was_asked_for(world: World) -> None:
    log = log_of(world)
    async with running(await rotating(world, log)) as rig:
        for _ in range(5):
            log.write(MB)
            await rotate(rig)
        assert len(log.archives) == 3
        log.write(MB)
        await rotate(rig, Rotate(keep=1))
        with pytest.raises(UsageError, match="At least 1 archive is kept"):
            await rotate(rig, Rotate(keep=0))
    assert len(log.archives) == 1


async def test_the_window_in_which_lines_may_be_lost_is_told(world: World) -> None:
    log = log_of(world)
    log.way, log.window = Way.TRUNCATE, 0.0042
    async with running(await rotating(world, log)) as rig:
        ended = await rotate(rig)
    assert "what was written within 4.2 ms may be lost" in ended.detail


async def test_two_people_at_once_rotate_once(world: World) -> None:
    log = log_of(world)
    log.seconds = 5.0
    async with running(await rotating(world, log)) as rig:
        action = await rig.runtime.ops.rotate(NAME, "by hand", OLGA, Rotate())
        with pytest.raises(Refused, match="a rotation of its log is in progress, asked by Olga"):
            await rig.runtime.ops.rotate(NAME, "me too", OTTO, Rotate())
        await rig.action_ends(action.id)
    assert len(log.archives) == 1


async def test_a_log_that_grew_too_large_is_rotated_by_itself(world: World) -> None:
    log = log_of(world, 150 * MB)
    async with running(await rotating(world, log)) as rig:
        await rig.clock.advance(FIRST_LOOK + 1)
        assert [action.reason for action in rotations(rig)] == ["its log has 150 MB, the limit is 100 MB"]
        await rig.clock.advance(720.0)
        assert len(rotations(rig)) == 1
        log.write(200 * MB)
        await rig.clock.advance(360.0)
        assert len(rotations(rig)) == 2
    assert rig.state.incidents == {}


async def test_at_its_times_it_is_rotated_whatever_its_size_but_not_empty(world: World) -> None:
    log = log_of(world, 1000)
    async with running(
        await rotating(world, log, replace(POLICY, interval=86_400.0, cron="*/5 * * * *"))
    ) as rig:
        await rig.clock.advance(301.0)
        assert [action.reason for action in rotations(rig)] == ["its time has come (*/5 * * * *)"]
        await rig.clock.advance(300.0)
        assert len(rotations(rig)) == 1
        log.write(1)
        await rig.clock.advance(300.0)
        assert len(rotations(rig)) == 2


async def test_a_pause_holds_it_and_a_person_does_not(world: World) -> None:
    log = log_of(world, 150 * MB)
    async with running(await rotating(world, log)) as rig:
        await rig.runtime.ops.pause(NAME, 3600.0, "deploy", OLGA)
        await rig.clock.advance(600.0)
        assert rotations(rig) == []
        assert (await rotate(rig)).state is ActionState.DONE


async def test_a_policy_that_is_off_rotates_nothing_by_itself(world: World) -> None:
    log = log_of(world, 150 * MB)
    async with running(await rotating(world, log, replace(POLICY, enabled=False))) as rig:
        await rig.clock.advance(720.0)
        assert rotations(rig) == []
        assert (await rotate(rig)).state is ActionState.DONE
        assert "rotation" not in {loop.name for loop in rig.runtime.ops.loops()}


async def test_a_failure_is_told_and_not_tried_again_every_minute(world: World) -> None:
    log = log_of(world, 150 * MB)
    for _ in range(5):
        log.fail("set_aside", "the disk is full")
    async with running(await rotating(world, log, replace(POLICY, interval=60.0))) as rig:
        await rig.clock.advance(1800.0)
        assert [(a.state, a.detail) for a in rotations(rig)] == [
            (ActionState.FAILED, "step 1 of 3: the disk is full")
        ]
        await rig.clock.advance(2000.0)
        assert len(rotations(rig)) == 2
        entries = [c for c in changes(rig) if isinstance(c, AuditEntry) and c.outcome == "failed"]
        assert len(entries) == 2
    assert log.size == 150 * MB


async def test_a_log_that_must_not_be_rotated_is_refused_with_the_reason(world: World) -> None:
    log = log_of(world)
    log.refused = "bot.log is a symbolic link: name the file itself."
    async with running(await rotating(world, log)) as rig:
        with pytest.raises(UsageError, match="name the file itself"):
            await rig.runtime.ops.plan_rotation(NAME)
        ended = await rotate(rig)
        assert ended.state is ActionState.FAILED
        await rig.clock.advance(720.0)
    assert len(rotations(rig)) == 1


async def test_without_a_log_that_is_said(world: World) -> None:
    async with running(await build(world)) as rig:
        with pytest.raises(UsageError, match=r"name it with `rotate.path`"):
            await rig.runtime.ops.plan_rotation(NAME)
        with pytest.raises(Refused, match="no log of this target is known"):
            await rig.runtime.ops.rotate(NAME, "x", OLGA, Rotate())


async def test_a_full_disk_while_compressing_is_made_up_for_at_a_later_look(world: World) -> None:
    log = log_of(world, 150 * MB)
    log.fail("compress", "the disk is full")
    async with running(await rotating(world, log)) as rig:
        await rig.clock.advance(FIRST_LOOK + 1)
        assert (log.size, len(log.asides), log.archives) == (0, 1, [])
        await rig.clock.advance(3600.0 + 400.0)
        assert (len(log.asides), len(log.archives)) == (0, 1)
        assert rotations(rig)[-1].reason == "an earlier rotation was not finished"


async def test_what_a_writer_still_has_open_is_finished_later(world: World) -> None:
    log = log_of(world)
    log.busy = "pid 7 has it open"
    async with running(await rotating(world, log)) as rig:
        ended = await rotate(rig)
        assert ended.state is ActionState.DONE
        assert "it is finished later: pid 7 has it open" in ended.detail
        assert step_of(ended, StepName.COMPRESS).state is StepState.SKIPPED
        await rig.clock.advance(360.0)
        assert log.archives == []
        log.finish()
        await rig.clock.advance(360.0)
    assert (len(log.asides), len(log.archives)) == (0, 1)


async def test_opsbot_killed_while_it_compresses_finishes_after_its_next_start_and_rotates_no_more(
    world: World,
) -> None:
    log = log_of(world)
    log.seconds = 100.0
    async with running(await rotating(world, log)) as rig:
        await rig.runtime.ops.rotate(NAME, "by hand", OLGA, Rotate())
        await rig.clock.advance(10.0)
    assert (len(log.asides), log.archives) == (1, [])
    log.write(MB)
    log.seconds = 0.0
    async with running(await rotating(world, log)) as rig:
        await rig.until(lambda: not rig.state.actions)
        assert (len(log.asides), len(log.archives), log.size) == (0, 1, MB)
        assert rotations(rig)[-1].state is ActionState.DONE


async def test_a_crash_while_a_log_is_compressed_is_restarted_at_once(world: World) -> None:
    log = log_of(world)
    log.seconds = 500.0
    async with running(await rotating(world, log)) as rig:
        await rig.runtime.ops.rotate(NAME, "by hand", OLGA, Rotate())
        await rig.clock.advance(5.0)
        world.host.end(code=1)
        await rig.clock.settle()
        assert len(world.host.started) == 1


async def test_the_loop_is_listed_paused_resumed_and_run(world: World) -> None:
    log = log_of(world, 150 * MB)
    async with running(await rotating(world, log)) as rig:
        ops = rig.runtime.ops
        assert ops.loops()[-1].name == "rotation"
        assert not (await ops.pause_loop("rotation", OLGA)).running
        await rig.clock.advance(720.0)
        assert rotations(rig) == []
        assert (await ops.run_loop("rotation")).runs == 1
        await rig.clock.settle()
        assert len(rotations(rig)) == 1
        log.write(150 * MB)
        assert (await ops.resume_loop("rotation", OLGA)).running
        await rig.clock.advance(370.0)
        assert len(rotations(rig)) == 2


async def test_a_log_too_small_to_be_cut_without_loss_stays_and_that_is_no_failure(world: World) -> None:
    log = log_of(world, 100)
    log.failures["set_aside"] = [TooSmall("bot.log is too small to be rotated: it stays as it is.")]
    async with running(await rotating(world, log)) as rig:
        ended = await rotate(rig)
    assert ended.state is ActionState.DONE
    assert "too small to be rotated" in ended.detail


class Broken(FakeRotator):
    async def size(self) -> int | None:
        raise ValueError("what nobody thought of")


async def test_a_look_that_breaks_costs_nothing_but_that_look(world: World) -> None:
    log = log_of(world)
    async with running(await build(world, rotation=KeptLog(POLICY, Broken(SPEC, log)))) as rig:
        await rig.clock.advance(400.0)
        (loop,) = rig.runtime.rotations.loops()
        assert (loop.runs, loop.errors) == (2, 2)
