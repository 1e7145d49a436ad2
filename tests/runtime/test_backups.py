"""Step 1 of a restart: the log is backed up, and a back-up that fails or hangs keeps no service down."""

from __future__ import annotations

import asyncio

from opsbot.domain.action import Action, ActionState, StepName, StepState
from opsbot.domain.rule import ActionKind
from opsbot.runtime.rotations import KeptLog
from opsbot.testing.rotation import FakeLog, FakeRotator
from tests.runtime.rig import NAME, OLGA, World, build, running, step_of
from tests.runtime.test_rotations import MB, POLICY, SPEC


class HangingRotator(FakeRotator):
    """Its disk does not answer."""

    async def backup(self) -> str:
        await asyncio.Event().wait()
        raise AssertionError("it never ends")


async def restarted(world: World, rotator: FakeRotator) -> Action:
    world.host.launch()
    async with running(await build(world, rotation=KeptLog(POLICY, rotator))) as rig:
        action = await rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA)
        return await rig.action_ends(action.id)


async def test_a_restart_backs_up_the_log_first() -> None:
    world = World()
    log = FakeLog(world.clock, size=5 * MB)
    step = step_of(await restarted(world, FakeRotator(SPEC, log)), StepName.BACKUP)
    assert (step.state, step.detail) == (StepState.DONE, f"linked to {log.backups[0]}")


async def test_a_back_up_that_fails_keeps_no_service_down() -> None:
    world = World()
    log = FakeLog(world.clock, size=5 * MB)
    log.fail("backup", "the disk is full")
    ended = await restarted(world, FakeRotator(SPEC, log))
    step = step_of(ended, StepName.BACKUP)
    assert (ended.state, step.state, step.detail) == (
        ActionState.DONE,
        StepState.SKIPPED,
        "not done: the disk is full",
    )


async def test_a_back_up_that_hangs_is_given_up() -> None:
    world = World()
    ended = await restarted(world, HangingRotator(SPEC, FakeLog(world.clock, size=5 * MB)))
    step = step_of(ended, StepName.BACKUP)
    assert (ended.state, step.state) == (ActionState.DONE, StepState.SKIPPED)
    assert "not done within 2 s" in step.detail
