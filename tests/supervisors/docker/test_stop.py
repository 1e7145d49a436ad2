"""Stopping a container: only the run that was meant, and for good."""

from __future__ import annotations

import signal

import pytest

from opsbot.errors import SupervisorError
from tests.supervisors.docker.between import Between
from tests.supervisors.docker.box import STUBBORN, Box, crash
from tests.supervisors.helpers import eventually

GRACE = 10.0


async def test_a_target_that_ignores_sigterm_is_killed(box: Box) -> None:
    supervisor = box.create(program=STUBBORN).supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    ended = await supervisor.stop(running, 0.5)
    assert (ended.signal, ended.asked, box.pids()) == (signal.SIGKILL, True, [])


async def test_a_target_that_hangs_in_a_stop_signal_is_killed(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    crash(running, signal.SIGSTOP)
    ended = await supervisor.stop(running, 0.5)
    assert (ended.signal, ended.asked) == (signal.SIGKILL, True)


async def test_a_container_has_a_stop_signal_of_its_own(box: Box) -> None:
    supervisor = box.create(stop_signal="SIGUSR1").supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    ended = await supervisor.stop(running, GRACE)
    assert (ended.code, ended.asked) == (3, True)


async def test_a_run_that_somebody_replaced_is_not_stopped_in_its_successor(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    box.do("restart", t="5")
    successor = box.inspect()["State"]["Pid"]
    ended = await supervisor.stop(running, GRACE)
    assert (ended.signal, ended.asked) == (signal.SIGTERM, False)
    assert box.inspect()["State"]["Pid"] == successor != running.process.pid


async def test_a_restart_policy_does_not_undo_a_stop(box: Box) -> None:
    supervisor = box.create(policy="always").supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    ended = await supervisor.stop(running, GRACE)
    assert (ended.asked, ended.successor) == (True, 0.0)
    look = await supervisor.find()
    assert look.running is None
    assert look.last_exit is not None
    assert (look.last_exit.asked, look.last_exit.successor) == (True, 0.0)


async def test_a_paused_container_runs_and_can_be_stopped(box: Box) -> None:
    if not box.engine.has_cgroups:
        pytest.skip("containers have no control groups on this machine, so none can be paused")
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    box.do("pause")
    look = await supervisor.find()
    assert look.running is not None
    assert look.running.process == running.process
    ended = await supervisor.stop(look.running, GRACE)
    assert (ended.signal, ended.asked, box.pids()) == (signal.SIGTERM, True, [])


async def test_a_container_that_was_removed_meanwhile_is_stopped_enough(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    box.delete()
    ended = await supervisor.stop(running, GRACE)
    assert (ended.asked, ended.cause) == (False, "the container was removed")


async def test_a_stop_that_the_engine_refuses_was_not_asked_for(box: Box, between: Between) -> None:
    box.create()
    running = await box.supervisor().start(1)
    between.refuse("POST .*/stop", "cannot kill container: it hangs")
    with pytest.raises(SupervisorError, match="it hangs"):
        await box.supervisor(between.url).stop(running, GRACE)
    crash(running)
    assert not (await box.supervisor().wait_exit(running)).asked


async def test_a_stop_without_an_engine_is_an_error_that_may_pass(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    box.engine.kill()
    try:
        with pytest.raises(SupervisorError) as caught:
            await supervisor.stop(running, GRACE)
    finally:
        box.engine.serve()
    assert not caught.value.permanent
    await eventually(lambda: box.pids() == [running.process.pid])  # its shell may be forking just now


async def test_a_restart_that_docker_has_in_mind_is_called_off_although_nothing_runs(
    box: Box, between: Between
) -> None:
    supervisor = box.create().supervisor(between.url)
    running = await supervisor.start(1)
    crash(running)
    await supervisor.wait_exit(running)
    state = {"Status": "restarting", "Running": True, "Restarting": True}
    between.rewrite(f"GET .*/{box.name}/json", lambda said: {**said, "State": said["State"] | state})
    between.asked.clear()
    await supervisor.forestall()
    assert [what for what in between.asked if what.endswith("/stop")]


async def test_a_stop_holds_while_docker_waits_before_a_restart(box: Box, between: Between) -> None:
    supervisor = box.create().supervisor(between.url)
    running = await supervisor.start(1)
    crash(running)
    ended = await supervisor.wait_exit(running)
    state = {"Status": "restarting", "Running": True, "Restarting": True}
    between.rewrite(f"GET .*/{box.name}/json", lambda said: {**said, "State": said["State"] | state})
    between.asked.clear()
    again = await supervisor.stop(running, GRACE)
    assert (again.signal, again.asked) == (ended.signal, False)
    assert [what for what in between.asked if what.endswith("/stop")]
