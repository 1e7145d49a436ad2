"""A service that somebody restarts or deploys by hand: opsbot makes room for it, and never a second copy.

The time for it is set far beyond a test here, so that what happens at once does not happen at its end.
"""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack

import pytest

from opsbot.demo.faults import Fault
from opsbot.demo.scene import TARGET
from opsbot.domain.process import Running as Process
from opsbot.supervisors.process import ProcessSupervisor
from tests.e2e.reading import said, text_of
from tests.e2e.stage import Running, Stage
from tests.e2e.test_by_hand import adopted, looks

SHORT, LONG = "handover_seconds: 0.5", "handover_seconds: 3600"


@pytest.fixture
def patient(stage: Stage) -> Stage:
    """Whoever ended the service has an hour to start it again."""
    stage.edit("handover_seconds: 5", LONG)
    return stage


async def left_alone(stage: Stage, running: Running) -> None:
    """It is down; opsbot has looked often since, and neither did nor said anything."""
    await looks(running, 5)
    assert stage.pids() == []
    assert stage.of(1) == []


async def taken(stage: Stage, running: Running, pid: int) -> None:
    """That one is the service now, the only one, and all is well."""
    await stage.until(lambda: adopted(running) == pid)
    await stage.until_well(running)
    assert stage.pids() == [pid]
    assert stage.of(1) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_one_that_is_ended_from_outside_is_left_to_whoever_did_it(patient: Stage, number: int) -> None:
    async with patient.opsbot() as running:
        await patient.kill(number)
        await left_alone(patient, running)
        async with patient.by_hand() as pid:
            await taken(patient, running, pid)


async def test_only_a_crash_is_restarted_at_once(patient: Stage) -> None:
    patient.nothing_reopens()
    async with patient.opsbot() as running:
        for fault, how in ((Fault.KILL, "killed by SIGKILL"), (Fault.CRASH, "exited with code 1")):
            old = patient.pid()
            await patient.fault(fault)
            await patient.restarted(old)
            await patient.until_well(running)
            number = 1 if fault is Fault.KILL else 2
            assert how in text_of(await patient.resolved(number))


async def test_one_that_was_started_by_hand_is_left_to_whoever_ends_it_too(patient: Stage) -> None:
    """Day one: nobody can know how it ended, so it may be a deploy."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(patient.by_hand())
        running = await stack.enter_async_context(patient.opsbot())
        for number in (signal.SIGTERM, signal.SIGKILL):
            await patient.kill(number)
            await left_alone(patient, running)
            await taken(patient, running, await stack.enter_async_context(patient.by_hand()))


async def test_when_nobody_follows_up_it_is_said_that_its_end_is_not_known(stage: Stage) -> None:
    stage.edit("handover_seconds: 5", SHORT)
    async with stage.by_hand(), stage.opsbot():
        new = await stage.restarted(await stage.kill())
        assert "exit status not known" in text_of(await stage.resolved())
        assert stage.pids() == [new]


async def test_an_opsbot_that_is_started_in_the_midst_of_a_deploy_waits_too(patient: Stage) -> None:
    async with patient.opsbot():
        await patient.kill(signal.SIGTERM)
    async with patient.opsbot(well=False) as running:
        await left_alone(patient, running)
        async with patient.by_hand() as pid:
            await taken(patient, running, pid)


async def test_a_copy_that_somebody_starts_at_the_last_moment_before_opsbot_does_is_taken(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The restart of a crash is decided and under way; somebody is a moment faster."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(stage.opsbot())
        start = ProcessSupervisor.start
        by_hand: list[int] = []

        async def overtaken(self: ProcessSupervisor, generation: int) -> Process:
            if not by_hand:
                by_hand.append(await stack.enter_async_context(stage.by_hand()))
                await stage.until(stage.pids)
            return await start(self, generation)

        monkeypatch.setattr(ProcessSupervisor, "start", overtaken)
        await stage.kill()
        over = await stage.resolved()
        assert f", pid {by_hand[0]}, healthy" in text_of(over)
        assert (adopted(running), stage.pids()) == (by_hand[0], by_hand)


async def test_what_only_looks_like_the_service_is_named_and_an_admin_may_say_that_it_is(
    stage: Stage,
) -> None:
    world = stage.world
    async with stage.by_hand(*stage.command, "--seed", "7") as pid:
        async with stage.opsbot(well=False) as running:
            await stage.until(lambda: running.runtime.processes.lookalikes(TARGET))
            report = said(await world.vera.slash(world.ops, "health"))
            assert f"pid {pid} looks like it" in report
            assert "it has more arguments: --seed" in report
            assert stage.pids() == [pid]
            await world.olga.slash(world.ops, "adopt", pid=pid)
            await stage.until(lambda: adopted(running) == pid)
            await stage.resolved()
        async with stage.opsbot() as running:
            assert (adopted(running), stage.pids()) == (pid, [pid])


async def test_one_that_was_adopted_and_died_while_no_opsbot_ran_is_told_and_repaired(stage: Stage) -> None:
    async with stage.by_hand() as pid:
        async with stage.opsbot():
            assert stage.pids() == [pid]
        await stage.kill()
    async with stage.opsbot():
        over = await stage.resolved()
        assert "not running" in text_of(over)
        assert len(stage.pids()) == 1
