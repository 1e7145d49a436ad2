"""Stopping: what ignores signals, what was stopped, what is left over, and who is never signalled."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._pidfd import Grip
from opsbot.supervisors._records import Records
from opsbot.supervisors._stopping import terminate
from tests.supervisors.helpers import Place, alive, eventually, kill, needs

SHORT = 0.2


async def started(place: Place, *modes: str, **options: object) -> Running:
    running = await place.supervisor(*modes, **options).start(1)
    await place.ready(running.process.pid)
    return running


async def recorded(place: Place, process: ProcessId) -> None:
    """The record names this process; the last keeper has let go of it."""
    records = Records(place.state)
    await eventually(lambda: records.adopt(process, ("sleep",), records.identity()))


async def test_a_target_that_ignores_sigterm_is_killed_after_the_grace(place: Place) -> None:
    running = await started(place, "ignore")
    ended = await place.made[0].stop(running, SHORT)
    assert (ended.signal, ended.asked, place.copies()) == (signal.SIGKILL, True, [])


async def test_a_target_halted_by_sigstop_is_killed_after_the_grace(place: Place) -> None:
    running = await started(place)
    kill(running, signal.SIGSTOP)
    await eventually(lambda: (s := _proc.stat(running.process.pid)) and s.state == "T")
    ended = await place.made[0].stop(running, SHORT)
    assert (ended.signal, place.copies()) == (signal.SIGKILL, [])


async def test_the_configured_signal_is_used(place: Place) -> None:
    running = await started(place, "ignore", stop_signal="usr1")
    ended = await place.made[0].stop(running, 10.0)
    assert (ended.code, ended.asked) == (3, True)


async def test_children_that_survive_the_target_are_swept_when_it_is_stopped(place: Place) -> None:
    running = await started(place, "children")
    assert len(place.copies()) == 2
    await place.made[0].stop(running, SHORT)
    assert place.copies() == []


async def test_children_that_survive_a_crash_are_swept_before_the_next_start(place: Place) -> None:
    running = await started(place, "children")
    survivor = next(pid for pid in place.copies() if pid != running.process.pid)
    kill(running)
    await place.made[0].wait_exit(running)
    assert alive(survivor)
    look = await place.supervisor("children").find()
    assert look.running is None
    again = await place.made[0].start(2)
    assert not alive(survivor)
    assert again.process != running.process


async def test_a_shells_child_gets_its_share_of_the_grace(place: Place) -> None:
    """`sh -c` dies of SIGTERM and tells its child nothing: the child is asked to end, not killed."""
    inner = " ".join(place.command())
    supervisor = place.supervisor(command=["sh", "-c", f"trap '' USR2; {inner}; true"], stop_signal="SIGTERM")
    running = await supervisor.start(1)
    await eventually(lambda: "ready" in place.text())
    child = int(place.text().split()[1])
    assert child != running.process.pid
    await supervisor.stop(running, 10.0)
    assert not alive(child)


async def test_a_reused_pid_is_never_signalled(place: Place) -> None:
    """The record names a pid that is another program's now."""
    running = await started(place)
    await place.made[0].stop(running, SHORT)
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        stat = _proc.stat(bystander.pid)
        assert stat is not None
        forged = ProcessId(running.process.boot_id, bystander.pid, stat.start_ticks - 1)
        await recorded(place, forged)
        supervisor = place.supervisor()
        assert (await supervisor.find()).running is None
        old = Running(forged, running.since)
        ended = await supervisor.stop(old, SHORT)
        await supervisor.wait_exit(old)
        assert not ended.known
        assert bystander.poll() is None
        again = await supervisor.start(2)
        assert place.copies() == [again.process.pid]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_record_of_another_boot_is_not_believed(place: Place) -> None:
    running = await started(place)
    kill(running)
    await place.made[0].wait_exit(running)
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        stat = _proc.stat(bystander.pid)
        assert stat is not None
        await recorded(place, ProcessId("another-boot", bystander.pid, stat.start_ticks))
        assert (await place.supervisor().find()).running is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_zombie_is_dead(place: Place) -> None:
    """It was started by hand, and its parent does not reap it."""
    child = subprocess.Popen(place.command(), cwd=place.folder, stdout=subprocess.DEVNULL)
    try:
        supervisor = place.supervisor()
        await eventually(lambda: place.copies() == [child.pid])
        look = await supervisor.find()
        assert look.running is not None
        waiting = asyncio.create_task(supervisor.wait_exit(look.running))
        await asyncio.sleep(0)
        os.kill(child.pid, signal.SIGKILL)
        assert not (await waiting).known
        stat = _proc.stat(child.pid)
        assert stat is not None
        assert stat.state == "Z"
        assert (await supervisor.find()).running is None
    finally:
        child.wait()


async def test_a_garbled_record_is_as_good_as_none(place: Place) -> None:
    place.state.mkdir(mode=0o700)
    for text in ("", "{", "[]", json.dumps({"pid": "x"})):
        (place.state / "identity").write_text(text)
        assert (await place.supervisor().find()).running is None
    running = await place.supervisor().start(1)
    assert place.copies() == [running.process.pid]


async def test_the_end_of_a_stop_is_known_to_have_been_asked_for_after_opsbots_restart(place: Place) -> None:
    running = await started(place)
    await place.made[0].stop(running, 10.0)
    look = await place.supervisor().find()
    assert look.last_exit is not None
    assert look.last_exit.asked


async def test_a_target_that_exits_by_itself_tells_its_code(place: Place) -> None:
    supervisor = place.supervisor(command=[sys.executable, "-S", "-c", "raise SystemExit(78)"])
    ended = await supervisor.wait_exit(await supervisor.start(1))
    assert (ended.code, ended.asked, str(ended)) == (78, False, "exited with code 78")


async def test_many_restarts_leave_no_descriptor_and_no_dead_child_behind(place: Place) -> None:
    supervisor = place.supervisor("children", standby=True)
    held = []
    for generation in range(8):
        running = await supervisor.start(generation)
        if generation % 2:
            kill(running)
            await supervisor.wait_exit(running)
        await supervisor.stop(running, SHORT)
        keepers = [_proc.stat(pid) for pid in supervisor._keepers._children]
        assert [keeper.state for keeper in keepers if keeper].count("Z") <= 1  # the newest, at most
        held.append(len(list(Path("/proc/self/fd").iterdir())))
    await supervisor.close()
    assert max(held) <= held[0] + 1  # a keeper in waiting, or none


async def test_opsbot_itself_and_init_are_no_targets(place: Place) -> None:
    for pid in (os.getpid(), 1):
        process = _proc.identify(pid, place.boot_id)
        assert process is not None
        with pytest.raises(SupervisorError, match="it is not signalled"):
            await place.supervisor().stop(Running(process, SystemClock().now()), SHORT)


async def test_a_target_that_may_not_be_signalled_is_told_with_the_remedy(place: Place) -> None:
    needs(os.geteuid() == 0, "only root can act as another user")
    running = await started(place)
    grip = Grip.take(running.process, place.boot_id)
    assert grip is not None
    daemon = pwd.getpwnam("daemon").pw_uid
    os.setresuid(daemon, daemon, 0)
    try:
        with grip, pytest.raises(SupervisorError, match="run opsbot as root or as that user"):
            await terminate(grip, signal.SIGTERM, SHORT)
    finally:
        os.setresuid(0, 0, 0)
    assert alive(running.process.pid)
