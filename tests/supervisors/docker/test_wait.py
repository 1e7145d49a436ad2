"""How a container's end is told: at once, with its status, and whoever starts it again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from opsbot.domain.process import Exit, Running
from opsbot.supervisors._docker import sights
from opsbot.supervisors._docker.endings import MARGIN_SECONDS, SWITCH_SECONDS
from opsbot.supervisors._docker.supervisor import DockerSupervisor
from tests.supervisors.docker.between import Between
from tests.supervisors.docker.box import Box, crash

HUNGRY = "until [ -e /in/pid ]; do sleep 0.02; done; exec dd if=/dev/zero of=/dev/null bs=128M count=9"
MEMORY_BYTES = 24 * 1024 * 1024


@asynccontextmanager
async def watched(supervisor: DockerSupervisor, running: Running) -> AsyncIterator[asyncio.Task[Exit]]:
    """The wait for its end, begun."""
    task = asyncio.create_task(supervisor.wait_exit(running))
    await asyncio.sleep(0)
    try:
        yield task
    finally:
        task.cancel()


async def test_an_exit_code_is_told(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    async with watched(supervisor, running) as end:
        crash(running, signal.SIGUSR1)
        ended = await end
    assert (ended.code, ended.signal, ended.asked, ended.successor) == (3, None, False, 0.0)


async def test_who_looks_only_afterwards_is_told_too(box: Box) -> None:
    running = await box.create().supervisor().start(1)
    crash(running)
    look = None
    while look is None or look.running:  # the engine notices
        look = await box.supervisor().find()
    assert look.last_exit is not None
    assert (look.last_exit.signal, look.last_exit.asked) == (signal.SIGKILL, False)


async def test_a_container_removed_while_it_is_watched_has_ended(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    async with watched(supervisor, running) as end:
        box.delete()
        ended = await end
    assert ended.cause == "the container was removed"
    assert ended.successor == SWITCH_SECONDS
    assert (await supervisor.find()).running is None


@pytest.mark.parametrize("policy", ["always", "unless-stopped", "on-failure"])
async def test_an_engine_that_restarts_it_is_told_as_its_successor(box: Box, policy: str) -> None:
    supervisor = box.create(policy=policy).supervisor()
    running = await supervisor.start(4)
    await box.ready(running)
    async with watched(supervisor, running) as end:
        crash(running, signal.SIGUSR1)
        ended = await end
    assert (ended.code, ended.asked) == (3, False)
    assert ended.successor >= MARGIN_SECONDS
    pid = await box.restarted(running)
    look = await supervisor.find()
    assert look.running is not None
    assert (look.running.process.pid, look.running.generation) == (pid, 0)


async def test_the_exit_of_a_run_is_known_after_its_engine_has_restarted_it(box: Box) -> None:
    running = await box.create(policy="always").supervisor().start(4)
    await box.ready(running)
    crash(running, signal.SIGUSR1)
    await box.restarted(running)
    assert (await box.supervisor().wait_exit(running)).code == 3


async def test_a_policy_that_has_no_try_left_has_no_successor(box: Box) -> None:
    supervisor = box.create("false", policy="on-failure", retries=1).supervisor()
    box.do("start")
    look = await supervisor.find()
    while look.running or look.last_exit is None or look.last_exit.successor:  # both tries
        look = await supervisor.find()
    assert look.last_exit.code == 1


async def test_an_engine_killed_while_it_is_watched_and_back_is_no_end(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    async with watched(supervisor, running) as end:
        box.engine.kill()
        box.engine.serve()
        look = await supervisor.find()
        assert look.running is not None
        assert look.running.process == running.process
        assert not end.done()
        crash(running, signal.SIGUSR1)
        assert (await end).code == 3


async def test_an_end_during_the_engines_absence_is_known_when_it_is_back(box: Box) -> None:
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    await box.ready(running)
    async with watched(supervisor, running) as end:
        box.engine.kill()
        try:
            crash(running, signal.SIGUSR1)
        finally:
            box.engine.serve()
        assert (await end).code == 3


async def test_an_end_is_told_without_the_engine_too(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sights, "SETTLE_SECONDS", 0.1)
    supervisor = box.create().supervisor()
    running = await supervisor.start(1)
    box.engine.kill()
    try:
        crash(running)
        ended = await supervisor.wait_exit(running)
    finally:
        box.engine.serve()
    assert not ended.known
    assert "engine gives no answer" in str(ended)


async def test_a_run_that_nobody_has_written_down_ended_somehow(box: Box) -> None:
    running = await box.create().supervisor().start(1)
    (box.state / "docker.json").unlink()
    crash(running)
    assert not (await box.supervisor().wait_exit(running)).known


async def test_somebody_who_stops_it_through_docker_is_waited_for(box: Box, between: Between) -> None:
    supervisor = box.create().supervisor(between.url)
    running = await supervisor.start(1)
    await box.ready(running)
    between.replace(b'"containerExitCode":"0"', b'"signal":"15"')  # in a `kill`, Docker says which
    async with watched(supervisor, running) as end:
        box.do("kill", signal="TERM")
        ended = await end
    assert (ended.signal, ended.successor) == (signal.SIGTERM, SWITCH_SECONDS)
    assert "by somebody else" in str(ended)


async def test_a_container_out_of_memory_names_it_as_the_cause(box: Box) -> None:
    if not box.engine.has_cgroups:
        pytest.skip("containers have no control groups on this machine, so none has a limit of memory")
    box.create(program=HUNGRY, Memory=MEMORY_BYTES, MemorySwap=MEMORY_BYTES)
    supervisor = box.supervisor()
    running = await supervisor.start(1)
    (box.told / "pid").touch()
    ended = await supervisor.wait_exit(running)
    assert ended.signal == signal.SIGKILL
    assert "out of memory" in str(ended)
