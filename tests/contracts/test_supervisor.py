"""What every supervisor keeps, the shipped fake included. A new one joins with a harness of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import Running
from opsbot.errors import SupervisorError
from opsbot.supervisors.base import Supervisor
from opsbot.testing.supervisor import FakeHost, FakeSupervisor
from tests.contracts.docker_harness import DockerHarness
from tests.contracts.systemd_harness import INSIDE_ONLY
from tests.supervisors.helpers import Place

GRACE = 10.0


class Harness(Protocol):
    """One target of one kind, and what happens to it."""

    def supervisor(self) -> Supervisor:
        """A fresh one over the same target, as after opsbot's restart."""

    async def ready(self, running: Running) -> None:
        """Returns when the target has set itself up and written `ready PID`."""

    def crash(self, running: Running) -> None:
        """Somebody kills it with SIGKILL."""

    def leave(self, running: Running) -> None:
        """It ends by itself with exit code 3."""

    def break_start(self) -> None:
        """From now on the target's executable is missing."""

    def copies(self) -> int:
        """How many run."""

    async def close(self) -> None:
        """Everything that was started ends."""


class ProcessHarness:
    """The supervisor `process`."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.options = self.place.options()

    def supervisor(self) -> Supervisor:
        return self.place.over(self.options)

    async def ready(self, running: Running) -> None:
        await self.place.ready(running.process.pid)

    def crash(self, running: Running) -> None:
        os.kill(running.process.pid, signal.SIGKILL)

    def leave(self, running: Running) -> None:
        os.kill(running.process.pid, signal.SIGUSR1)

    def break_start(self) -> None:
        self.options = self.place.options(command=["/nonexistent/program"])

    def copies(self) -> int:
        return len(self.place.copies())

    async def close(self) -> None:
        await self.place.close()


class FakeHarness:
    """The fake."""

    def __init__(self, _folder: Path) -> None:
        self.host = FakeHost(SystemClock())

    def supervisor(self) -> Supervisor:
        return FakeSupervisor(self.host)

    async def ready(self, running: Running) -> None:
        self.host.output.append(f"ready {running.process.pid}")

    def crash(self, running: Running) -> None:
        self.host.end(signal=signal.SIGKILL)

    def leave(self, running: Running) -> None:
        self.host.end(code=3)

    def break_start(self) -> None:
        self.host.failures.append(SupervisorError("there is no such executable", permanent=True))

    def copies(self) -> int:
        return int(self.host.running is not None)

    async def close(self) -> None:
        return


@pytest.fixture(
    params=[ProcessHarness, DockerHarness, FakeHarness, *INSIDE_ONLY.values()],
    ids=["process", "docker", "fake", *INSIDE_ONLY],
)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    made: Harness = request.param(tmp_path)
    yield made
    await made.close()


async def test_a_target_never_started_is_not_running(harness: Harness) -> None:
    look = await harness.supervisor().find()
    assert look.running is None
    assert look.last_exit is None


async def test_a_started_target_runs_for_its_generation(harness: Harness) -> None:
    running = await harness.supervisor().start(4)
    assert (running.generation, running.adopted, harness.copies()) == (4, False, 1)


async def test_starting_what_runs_returns_it_and_makes_no_second_copy(harness: Harness) -> None:
    supervisor = harness.supervisor()
    first = await supervisor.start(1)
    second = await supervisor.start(2)
    assert (second.process, second.generation, harness.copies()) == (first.process, 1, 1)


async def test_two_opsbots_that_start_at_once_start_one_target(harness: Harness) -> None:
    one, other = harness.supervisor(), harness.supervisor()
    first, second = await asyncio.gather(one.start(1), other.start(1))
    assert (first.process == second.process, harness.copies()) == (True, 1)


async def test_the_next_opsbot_adopts_the_running_target(harness: Harness) -> None:
    running = await harness.supervisor().start(4)
    look = await harness.supervisor().find()
    assert look.running is not None
    assert (look.running.process, look.running.generation, look.running.adopted) == (running.process, 4, True)
    assert look.running.keeper_pid == running.keeper_pid


async def test_letting_go_of_a_target_does_not_stop_it(harness: Harness) -> None:
    supervisor = harness.supervisor()
    running = await supervisor.start(1)
    await supervisor.close()
    look = await harness.supervisor().find()
    assert look.running is not None
    assert look.running.process == running.process


async def test_a_crash_ends_the_wait_and_tells_the_signal(harness: Harness) -> None:
    supervisor = harness.supervisor()
    running = await supervisor.start(1)
    waiting = asyncio.create_task(supervisor.wait_exit(running))
    await asyncio.sleep(0)
    harness.crash(running)
    ended = await waiting
    assert (ended.signal, ended.code, ended.asked) == (signal.SIGKILL, None, False)


async def test_an_exit_code_is_told_also_to_an_opsbot_that_adopted_the_target(harness: Harness) -> None:
    running = await harness.supervisor().start(1)
    await harness.ready(running)
    successor = harness.supervisor()
    look = await successor.find()
    assert look.running is not None
    waiting = asyncio.create_task(successor.wait_exit(look.running))
    await asyncio.sleep(0)
    harness.leave(running)
    assert (await waiting).code == 3


async def test_waiting_for_what_has_ended_returns_at_once(harness: Harness) -> None:
    supervisor = harness.supervisor()
    running = await supervisor.start(1)
    harness.crash(running)
    assert (await supervisor.wait_exit(running)).signal == signal.SIGKILL
    assert (await supervisor.wait_exit(running)).signal == signal.SIGKILL


async def test_how_the_last_one_ended_is_found_later(harness: Harness) -> None:
    supervisor = harness.supervisor()
    running = await supervisor.start(1)
    harness.crash(running)
    await supervisor.wait_exit(running)
    look = await harness.supervisor().find()
    assert look.running is None
    assert look.last_exit is not None
    assert look.last_exit.signal == signal.SIGKILL


async def test_a_stopped_target_is_gone_and_its_end_was_asked_for(harness: Harness) -> None:
    supervisor = harness.supervisor()
    running = await supervisor.start(1)
    await harness.ready(running)
    waiting = asyncio.create_task(supervisor.wait_exit(running))
    await asyncio.sleep(0)
    ended = await supervisor.stop(running, GRACE)
    assert (ended.signal, ended.asked, harness.copies()) == (signal.SIGTERM, True, 0)
    assert (await waiting).asked


async def test_stopping_what_has_ended_tells_how_it_ended(harness: Harness) -> None:
    supervisor = harness.supervisor()
    running = await supervisor.start(1)
    harness.crash(running)
    await supervisor.wait_exit(running)
    ended = await supervisor.stop(running, GRACE)
    assert (ended.signal, ended.asked) == (signal.SIGKILL, False)


async def test_a_stopped_target_can_be_started_again(harness: Harness) -> None:
    supervisor = harness.supervisor()
    first = await supervisor.start(1)
    await supervisor.stop(first, GRACE)
    second = await supervisor.start(2)
    assert (second.process != first.process, second.generation, harness.copies()) == (True, 2, 1)


async def test_forestalling_touches_nothing_that_runs_and_needs_nothing_that_does(harness: Harness) -> None:
    supervisor = harness.supervisor()
    await supervisor.forestall()
    assert harness.copies() == 0
    running = await supervisor.start(1)
    await supervisor.forestall()
    look = await supervisor.find()
    assert look.running is not None
    assert look.running.process == running.process


async def test_a_missing_executable_is_a_permanent_failure(harness: Harness) -> None:
    harness.break_start()
    with pytest.raises(SupervisorError) as caught:
        await harness.supervisor().start(1)
    assert caught.value.permanent
    assert harness.copies() == 0


async def test_the_newest_lines_of_output_are_there(harness: Harness) -> None:
    supervisor = harness.supervisor()
    running = await supervisor.start(1)
    await harness.ready(running)
    assert await supervisor.tail(1) == [f"ready {running.process.pid}"]
    assert await supervisor.tail(0) == []


async def test_closing_twice_is_harmless(harness: Harness) -> None:
    supervisor = harness.supervisor()
    await supervisor.find()
    await supervisor.close()
    await supervisor.close()
