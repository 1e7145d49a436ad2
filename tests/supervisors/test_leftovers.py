"""What a target leaves behind: it holds up no start, and only what is certainly the target's is ended."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from dataclasses import replace

import pytest

from opsbot.domain.process import Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._records import Records
from opsbot.supervisors.base import Supervisor
from tests.supervisors.helpers import Place, alive, by_hand, eventually, kill


def line(place: Place, *modes: str) -> str:
    return shlex.join(place.command(*modes))


def said(place: Place, word: str) -> int:
    """The number that a target's process said after a word."""
    words = place.text().split()
    return int(words[words.index(word) + 1]) if word in words else 0


async def found(supervisor: Supervisor) -> Running:
    look = await supervisor.find()
    assert look.running is not None
    return look.running


async def crashed(place: Place, *modes: str) -> tuple[Supervisor, int]:
    """A target that opsbot had started has died; its supervisor, and the pid of the worker that survives."""
    supervisor = place.supervisor(*modes)
    running = await supervisor.start(1)
    await eventually(lambda: place.text().count("ready") == 2)
    worker = next(pid for pid in place.copies() if pid != running.process.pid)
    kill(running)
    await supervisor.wait_exit(running)
    return supervisor, worker


async def test_a_worker_with_more_arguments_is_swept_before_the_next_start(place: Place) -> None:
    supervisor, worker = await crashed(place, "spawn")
    running = await supervisor.start(2)
    assert not alive(worker)
    assert running.generation == 2


async def test_one_in_a_session_of_its_own_holds_up_nothing_and_is_left_alone(place: Place) -> None:
    supervisor, worker = await crashed(place, "spawn", "away")
    look = await supervisor.find()
    assert (look.running, look.candidates) == (None, ())
    running = await supervisor.start(2)
    assert alive(worker)
    assert running.generation == 2


HOW_PEOPLE_START_IT = {
    "as a job of an interactive shell": "set -m; {} & wait",
    "as a job of one, behind a pipe": "set -m; {} | cat & wait",
    "in the background of a script that ends": "nohup {} < /dev/null > /dev/null 2>&1 &",
    "through a wrapper in a script that ends": "sh -c 'cd {cwd} && {}' < /dev/null > /dev/null 2>&1 &",
    "in the place of a script": "exec {}",
}


@pytest.mark.parametrize("how", HOW_PEOPLE_START_IT)
async def test_workers_of_an_adopted_target_are_swept_before_its_restart(place: Place, how: str) -> None:
    """They have no cookie, and one of them has the target's very command line."""
    text = HOW_PEOPLE_START_IT[how].replace("{cwd}", str(place.folder))
    text = text.replace("{}", line(place, "children", "spawn"))
    supervisor = place.supervisor("children", "spawn")
    script = subprocess.Popen(["bash", "-c", text], cwd=place.folder, start_new_session=True)
    try:
        await eventually(lambda: len(place.copies()) >= 4)
        (pid,) = place.mains()
        if text.endswith("&"):
            script.wait()
        assert (await found(supervisor)).process.pid == pid
        workers = [worker for worker in place.copies() if worker != pid]
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: not alive(pid))
        assert all(map(alive, workers))
        look = await supervisor.find()
        assert (look.running, look.candidates) == (None, ())
        running = await supervisor.start(2)
        assert not any(map(alive, workers))
        assert place.mains() == [running.process.pid]
    finally:
        for left in place.copies():
            os.kill(left, signal.SIGKILL)
        script.kill()
        script.wait()


async def test_what_a_script_starts_beside_the_target_is_not_taken_for_its_worker(place: Place) -> None:
    """Both are in the script's group. Whether the other one is a copy only a person knows."""
    text = f"{line(place, '--shard', '2')} & {line(place)} & wait"
    async with by_hand(place, ["bash", "-c", text], copies=2, start_new_session=True):
        supervisor = place.supervisor()
        running = await found(supervisor)
        other = next(pid for pid in place.copies() if pid != running.process.pid)
        kill(running)
        await supervisor.wait_exit(running)
        with pytest.raises(SupervisorError, match=f"pid {other}: it has more arguments: --shard"):
            await supervisor.start(1)
        assert await supervisor.sweep() == 0
        assert place.copies() == [other]


async def test_a_script_that_restarts_the_target_is_not_fought(place: Place) -> None:
    async with by_hand(place, ["bash", "-c", f"while true; do {line(place)}; done"], start_new_session=True):
        supervisor = place.supervisor()
        first = await found(supervisor)
        kill(first)
        await eventually(lambda: place.mains() not in ([], [first.process.pid]))
        second = await supervisor.start(1)
        assert second.process != first.process
        assert place.mains() == [second.process.pid]


async def test_workers_seen_below_an_adopted_target_are_known_whatever_its_group(place: Place) -> None:
    """It runs in the foreground of a script: the group is the script's. opsbot restarts it."""
    text = f"{line(place, 'spawn', 'away')}; sleep 1000"
    script = ["bash", "-c", text]
    async with by_hand(place, script, copies=2, start_new_session=True) as pid:
        supervisor = place.supervisor("spawn", "away")
        running = await found(supervisor)
        worker = next(other for other in place.copies() if other != pid)
        await supervisor.stop(running, 0.2)
        assert not alive(worker)
        again = await supervisor.start(2)
        assert again.generation == 2


async def test_a_group_whose_number_was_used_again_is_another_group(place: Place) -> None:
    async with by_hand(place, place.command("--debug"), start_new_session=True) as pid:
        supervisor = place.supervisor()
        look = await supervisor.find()
        records, stat = Records(place.state), _proc.stat(pid)
        assert stat is not None
        with subprocess.Popen(place.command(), cwd=place.folder, stdout=subprocess.DEVNULL) as other:
            await eventually(lambda: other.pid in place.mains())
            assert (await found(supervisor)).process.pid == other.pid
            noted = records.noted()
            assert noted is not None
            other.kill()
        records.note(replace(noted, group=pid, session=pid, leader_ticks=stat.start_ticks - 1, own=True))
        look = await supervisor.find()
        assert [process.pid for process, _ in look.candidates] == [pid]
        assert await supervisor.sweep() == 0
        assert alive(pid)


async def test_a_helper_that_made_itself_independent_and_holds_the_port_is_swept(place: Place) -> None:
    supervisor = place.supervisor("helper")
    running = await supervisor.start(1)
    port = await eventually(lambda: said(place, "port"))
    helper = said(place, "helper")
    await place.ready(running.process.pid)
    await supervisor.stop(running, 10.0)
    assert alive(helper)
    holder = await supervisor.port_holder(port)
    assert holder is not None
    assert (holder.pid, holder.ours) == (helper, True)
    assert await supervisor.sweep() == 0
    assert alive(helper)
    assert await supervisor.sweep((port,)) == 1
    assert not alive(helper)
    assert await supervisor.port_holder(port) is None


async def test_a_sweep_ends_what_survived_a_crash_and_tells_how_much(place: Place) -> None:
    supervisor, worker = await crashed(place, "spawn")
    assert await supervisor.sweep() == 1
    assert not alive(worker)
    assert await supervisor.sweep() == 0


async def test_a_sweep_touches_nothing_of_a_target_that_runs(place: Place) -> None:
    supervisor = place.supervisor("helper", "children")
    running = await supervisor.start(1)
    await eventually(lambda: said(place, "port") and said(place, "child"))
    (place.state / "identity").unlink()  # so that it is found by its cookie
    before = place.copies()
    assert await supervisor.sweep((said(place, "port"),)) == 0
    assert place.copies() == before
    assert alive(running.process.pid)


async def test_a_sweep_of_a_foreign_holders_port_leaves_it_alone(place: Place) -> None:
    with place.log.open("ab") as log:
        async with by_hand(place, place.command("port"), stdout=log) as pid:
            supervisor = place.supervisor(adopt="never")
            port = await eventually(lambda: said(place, "port"))
            assert await supervisor.sweep((port,)) == 0
            assert alive(pid)
