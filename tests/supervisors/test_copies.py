"""Copies by hand with other arguments than configured: they may be the target, so nothing starts then."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import ProcessId
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors.base import Supervisor
from tests.supervisors.helpers import Place, by_hand, eventually, kill

SLOW_POETRY = """#!{python}
import os, sys
with open({gate!r}) as gate:
    gate.read()
os.execvp(sys.argv[2], sys.argv[2:])
"""


async def candidates(supervisor: Supervisor) -> list[tuple[int, str]]:
    look = await supervisor.find()
    assert look.running is None
    return [(process.pid, reason) for process, reason in look.candidates]


async def a_tick_later(pid: int) -> None:
    """The kernel tells when a process began in hundredths of a second: the next one has come."""
    stat = _proc.stat(pid)
    assert stat is not None
    begun, ticks = stat.start_ticks, os.sysconf("SC_CLK_TCK")
    await eventually(lambda: int(SystemClock().now().mono * ticks) > begun)


async def test_a_copy_with_more_arguments_is_a_candidate_and_nothing_starts_beside_it(place: Place) -> None:
    async with by_hand(place, place.command("--debug")) as pid:
        supervisor = place.supervisor()
        assert await candidates(supervisor) == [(pid, "it has more arguments: --debug")]
        with pytest.raises(SupervisorError, match=f"pid {pid}: it has more arguments: --debug"):
            await supervisor.start(1)
        assert place.copies() == [pid]


async def test_one_with_fewer_arguments_too(place: Place) -> None:
    async with by_hand(place) as pid:
        supervisor = place.supervisor("--config", "x")
        assert await candidates(supervisor) == [(pid, "it lacks arguments: --config …")]
        with pytest.raises(SupervisorError, match="it lacks arguments"):
            await supervisor.start(1)
        assert place.copies() == [pid]


async def test_one_with_a_value_of_its_own_is_another_service(place: Place) -> None:
    async with by_hand(place, place.command("--shard", "2")):
        running = await place.supervisor("--shard", "1").start(1)
        assert len(place.copies()) == 2
        assert running.generation == 1


async def test_when_it_has_ended_the_target_starts(place: Place) -> None:
    supervisor = place.supervisor()
    async with by_hand(place, place.command("--debug")):
        with pytest.raises(SupervisorError):
            await supervisor.start(1)
    await eventually(lambda: not place.copies())
    running = await supervisor.start(1)
    assert place.copies() == [running.process.pid]


async def test_it_is_seen_before_its_wrapper_has_even_become_it(place: Place) -> None:
    """`poetry run` takes its time until it runs what it was told to."""
    gate, poetry = place.folder / "gate", place.folder / "poetry"
    os.mkfifo(gate)
    poetry.write_text(SLOW_POETRY.format(python=sys.executable, gate=str(gate)))
    poetry.chmod(0o755)
    with subprocess.Popen([str(poetry), "run", *place.command("--debug")], cwd=place.folder) as child:
        supervisor = place.supervisor()
        await eventually(lambda: str(poetry) in _proc.argv(child.pid))
        assert await candidates(supervisor) == [(child.pid, "it has more arguments: --debug")]
        gate.write_text("")
        await eventually(lambda: place.mains() == [child.pid])
        assert await candidates(supervisor) == [(child.pid, "it has more arguments: --debug")]
        child.kill()


async def test_its_workers_are_not_listed_beside_it(place: Place) -> None:
    async with by_hand(place, place.command("children", "spawn"), copies=3) as pid:
        assert [found for found, _ in await candidates(place.supervisor())] == [pid]


async def test_a_reloader_is_the_candidate_and_not_what_it_runs(place: Place) -> None:
    """Its child has the very command line of the target, and comes back when it is ended."""
    async with by_hand(place, place.command("reload"), copies=2) as pid:
        supervisor = place.supervisor()
        assert [found for found, _ in await candidates(supervisor)] == [pid]
        with pytest.raises(SupervisorError, match="it has more arguments"):
            await supervisor.start(1)


async def test_a_person_may_say_that_it_is_the_target_and_this_is_remembered(place: Place) -> None:
    async with by_hand(place, place.command("--debug")) as pid:
        supervisor = place.supervisor()
        look = await supervisor.find()
        running = await supervisor.adopt(look.candidates[0][0])
        assert (running.process.pid, running.adopted) == (pid, True)
        successor = place.supervisor()
        again = await successor.find()
        assert again.running is not None
        assert again.running.process == running.process
        assert (await successor.start(4)).process == running.process
        assert (await successor.stop(again.running, 10.0)).asked
        started = await successor.start(5)
        assert place.copies() == [started.process.pid]


async def test_only_a_candidate_may_be_taken_for_the_target(place: Place) -> None:
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        process = _proc.identify(bystander.pid, place.boot_id)
        assert process is not None
        with pytest.raises(SupervisorError, match="does not look like this target"):
            await place.supervisor().adopt(process)
        with pytest.raises(SupervisorError, match="does not run any more"):
            await place.supervisor().adopt(ProcessId(process.boot_id, process.pid, process.start_ticks - 1))
    finally:
        bystander.kill()
        bystander.wait()


async def test_what_cannot_be_remembered_is_not_taken(place: Place) -> None:
    """A keeper is at work: what it writes down next must not be overwritten."""
    async with by_hand(place, place.command("--debug")):
        supervisor = place.supervisor()
        look = await supervisor.find()
        with (place.state / "keeper.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(SupervisorError, match="Try again") as caught:
                await supervisor.adopt(look.candidates[0][0])
        assert not caught.value.permanent
        assert (await place.supervisor().find()).running is None
        await supervisor.adopt(look.candidates[0][0])


async def test_one_that_ran_beside_a_target_that_crashed_replaces_nothing(place: Place) -> None:
    supervisor = place.supervisor()
    running = await supervisor.start(1)
    async with by_hand(place, place.command("--debug")) as pid:
        await a_tick_later(pid)
        kill(running)
        await supervisor.wait_exit(running)
        again = await supervisor.start(2)
        assert sorted(place.copies()) == sorted([pid, again.process.pid])


async def test_nor_does_one_that_ran_beside_a_target_that_opsbot_restarts(place: Place) -> None:
    supervisor = place.supervisor()
    running = await supervisor.start(1)
    await place.ready(running.process.pid)
    async with by_hand(place, place.command("--debug")) as pid:
        await a_tick_later(pid)
        await supervisor.stop(running, 10.0)
        again = await place.supervisor().start(2)
        assert sorted(place.copies()) == sorted([pid, again.process.pid])


async def test_one_that_ran_beside_a_target_that_a_person_ended_may_replace_it(place: Place) -> None:
    supervisor = place.supervisor()
    running = await supervisor.start(1)
    await place.ready(running.process.pid)
    async with by_hand(place, place.command("--debug")) as pid:
        kill(running, signal.SIGTERM)
        await supervisor.wait_exit(running)
        with pytest.raises(SupervisorError, match="--debug"):
            await supervisor.start(2)
        assert place.copies() == [pid]


async def test_one_that_began_after_a_crash_may_replace_the_target(place: Place) -> None:
    supervisor = place.supervisor()
    running = await supervisor.start(1)
    kill(running)
    await supervisor.wait_exit(running)
    async with by_hand(place, place.command("--debug")) as pid:
        with pytest.raises(SupervisorError, match="--debug"):
            await supervisor.start(2)
        assert place.copies() == [pid]


@pytest.mark.parametrize("adopted", [False, True])
async def test_another_target_with_more_arguments_is_no_copy(
    place: Place, tmp_path: Path, adopted: bool
) -> None:
    other = Place(tmp_path)
    other.state = tmp_path / "other-state"
    shard = other.supervisor("--shard", "2")
    try:
        if adopted:
            async with by_hand(other, other.command("--shard", "2")) as pid:
                assert (await shard.find()).running is not None
                running = await place.supervisor().start(1)
                assert sorted(place.copies()) == sorted([pid, running.process.pid])
        else:
            beside = await shard.start(1)
            running = await place.supervisor().start(1)
            assert sorted(place.copies()) == sorted([beside.process.pid, running.process.pid])
    finally:
        await other.close()


async def test_the_copy_that_was_adopted_stays_the_target_when_a_second_one_is_started(place: Place) -> None:
    async with by_hand(place) as first:
        assert (await place.supervisor().find()).running is not None
        async with by_hand(place):
            look = await place.supervisor().find()
            assert look.running is not None
            assert look.running.process.pid == first
