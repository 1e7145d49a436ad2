"""A target stays itself through forks and execs, and another program with its pid is never taken for it."""

from __future__ import annotations

import errno
import os
import resource
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest

from opsbot.domain.process import Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._pidfd import Grip
from opsbot.supervisors._stopping import sweep
from tests.supervisors.helpers import Place, alive, another_program_with, by_hand, eventually, kill

POETRY = {
    "becomes the command": "#!{python}\nimport os, sys\nos.execvp(sys.argv[2], sys.argv[2:])\n",
    "waits for the command": "#!{python}\nimport subprocess, sys\nsys.exit(subprocess.call(sys.argv[2:]))\n",
}


async def started(place: Place, *modes: str, **options: object) -> Running:
    running = await place.supervisor(*modes, **options).start(1)
    await place.ready(running.process.pid)
    return running


async def gone(running: Running) -> None:
    """Its pid is free."""
    kill(running)
    await eventually(lambda: _proc.stat(running.process.pid) is None)


async def test_another_program_with_the_pid_of_a_dead_target_is_never_signalled(place: Place) -> None:
    running = await started(place)
    await gone(running)
    with another_program_with(running.process.pid) as bystander:
        supervisor = place.supervisor()
        ended = await supervisor.stop(running, 0.1)
        assert (ended.signal, ended.asked) == (signal.SIGKILL, False)
        assert (await supervisor.wait_exit(running)).signal == signal.SIGKILL
        assert (await supervisor.find()).running is None
        again = await supervisor.start(2)
        assert place.copies() == [again.process.pid]
        assert await supervisor.sweep() == 0
        assert bystander.alive()


async def test_one_that_gets_the_pid_between_the_look_and_the_signal_is_not_signalled(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target dies and its pid is given away at the last moment: when opsbot reaches for it."""
    running, reach = await started(place), os.pidfd_open
    with ExitStack() as late:

        def reach_too_late(pid: int) -> int:
            if alive(pid) and pid == running.process.pid:
                kill(running)
                while _proc.stat(pid):
                    os.sched_yield()
                late.enter_context(another_program_with(pid))
            return reach(pid)

        monkeypatch.setattr(os, "pidfd_open", reach_too_late)
        supervisor = place.supervisor()
        ended = await supervisor.stop(running, 0.1)
        assert alive(running.process.pid)
        assert (ended.signal, ended.asked) == (signal.SIGKILL, False)


async def test_what_is_held_is_not_signalled_through_its_successor(place: Place) -> None:
    running = await started(place)
    grip = Grip.take(running.process, place.boot_id)
    assert grip is not None
    with grip:
        await gone(running)
        with another_program_with(running.process.pid) as bystander:
            with pytest.raises(ProcessLookupError):
                grip.signal(signal.SIGKILL)
            assert bystander.alive()


async def test_a_kernel_without_pidfds_is_good_enough(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Linux 5.3, and in sandboxes that forbid them: the identity is read again before each signal."""

    def refuse(_pid: int) -> int:
        raise OSError(errno.ENOSYS, "not here")

    running = await started(place)
    monkeypatch.setattr(os, "pidfd_open", refuse)
    supervisor = place.supervisor()
    grip = Grip.take(running.process, place.boot_id)
    assert grip is not None
    ended = await supervisor.stop(running, 10.0)
    assert (ended.signal, ended.asked) == (signal.SIGTERM, True)
    await eventually(lambda: _proc.stat(running.process.pid) is None)
    with another_program_with(running.process.pid) as bystander, grip:
        with pytest.raises(ProcessLookupError):
            grip.signal(signal.SIGKILL)
        assert bystander.alive()


async def test_what_is_swept_is_looked_at_again_when_it_is_held(place: Place) -> None:
    """Between the search and the sweep it has become another program, or its pid another's."""
    running = await started(place)
    await sweep([running.process], place.boot_id, lambda _pid: False)
    assert alive(running.process.pid)
    await gone(running)
    with another_program_with(running.process.pid) as bystander:
        assert await sweep([running.process], place.boot_id, lambda _pid: True) == 0
        assert bystander.alive()


async def test_a_target_that_starts_itself_anew_stays_the_same(place: Place) -> None:
    """Python programs do so to load their new code: exec, with other arguments even."""
    running = await started(place, "again")
    await eventually(lambda: place.text().count(f"ready {running.process.pid}\n") == 2)
    look = await place.supervisor("again").find()
    assert look.running is not None
    assert (look.running.process, look.running.generation) == (running.process, 1)
    assert (await place.made[0].stop(running, 10.0)).signal == signal.SIGTERM


@pytest.mark.parametrize("lost", ["nothing", "its record"])
async def test_a_target_that_becomes_another_program_stays_the_same(place: Place, lost: str) -> None:
    running = await started(place, "other")
    await eventually(lambda: _proc.argv(running.process.pid)[:1] == ("another-program",))
    if lost == "its record":
        (place.state / "identity").unlink()
    supervisor = place.supervisor("other")
    look = await supervisor.find()
    assert look.running is not None
    assert (look.running.process, look.running.generation) == (running.process, 1)
    assert (await supervisor.start(2)).process == running.process
    await supervisor.stop(look.running, 10.0)
    assert not alive(running.process.pid)


async def test_the_target_of_a_shell_line_that_ends_with_exec_is_the_shells_process(place: Place) -> None:
    line = f"ulimit -c 0; exec {shlex.join(place.command())}"
    running = await started(place, command=["sh", "-c", line])
    assert place.mains() == [running.process.pid]


async def test_one_in_the_background_without_cookie_record_and_keeper_is_found_by_its_lock(
    place: Place,
) -> None:
    command = ["bash", "-c", "setsid env -i sleep 100000 & echo $!"]
    supervisor = place.supervisor(command=command)
    launcher = await supervisor.start(6)
    await supervisor.wait_exit(launcher)
    pid = int(await eventually(place.text))
    await eventually(lambda: (i := supervisor._records.identity()) and i.process.pid == pid)
    await eventually(lambda: _proc.argv(pid)[:1] == ("sleep",))
    os.kill(launcher.keeper_pid, signal.SIGKILL)
    try:
        for name in ("identity", "exits"):
            (place.state / name).unlink()
        look = await place.supervisor(command=command).find()
        assert look.running is not None
        assert look.running.process.pid == pid
    finally:
        os.kill(pid, signal.SIGKILL)


def poetry(place: Place, how: str) -> str:
    """A stand-in for poetry, which comes in both kinds."""
    program = place.folder / "poetry"
    program.write_text(POETRY[how].format(python=sys.executable))
    program.chmod(0o755)
    return f"{program} run {shlex.join(place.command())}"


@pytest.mark.parametrize("how", POETRY)
async def test_on_day_one_it_runs_under_poetry_with_its_log_by_redirection(place: Place, how: str) -> None:
    line = f"nohup {poetry(place, how)} > bot.log 2>&1 < /dev/null &"
    supervisor = place.supervisor()
    async with by_hand(place, ["bash", "-c", line], start_new_session=True) as pid:
        await eventually(lambda: "ready" in (place.folder / "bot.log").read_text())
        look = await supervisor.find()
        assert look.running is not None
        assert (look.running.process.pid, look.running.adopted, look.running.keeper_pid) == (pid, True, 0)
        ended = await supervisor.stop(look.running, 10.0)
        assert (ended.known, ended.asked) == (False, True)
        again = await supervisor.start(1)
        assert place.mains() == [again.process.pid]


@pytest.mark.parametrize("how", POETRY)
async def test_one_that_is_configured_to_run_under_poetry_is_stopped_with_all_of_it(
    place: Place, how: str
) -> None:
    supervisor = place.supervisor(command=poetry(place, how))
    running = await supervisor.start(1)
    await eventually(lambda: "ready" in place.text())
    await supervisor.stop(running, 10.0)
    assert place.ours() == []


async def test_a_note_of_an_older_opsbot_is_still_understood(place: Place) -> None:
    running = await started(place)
    process = running.process
    kill(running, signal.SIGTERM)
    (place.state / "asked").write_text(
        f'{{"boot_id": "{process.boot_id}", "pid": {process.pid}, "start_ticks": {process.start_ticks}}}\n'
    )
    assert (await place.made[0].wait_exit(running)).asked


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    opened: list[int] = []
    try:
        while True:
            try:
                opened.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        for fd in opened:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def blind(place: Place) -> AsyncIterator[Running]:
    running = await started(place)
    with no_descriptor_left():
        yield running
    assert alive(running.process.pid)


async def test_without_a_descriptor_to_look_with_a_target_is_not_taken_for_dead(place: Place) -> None:
    supervisor = place.supervisor()
    async with blind(place) as running:
        for attempt in (supervisor.find(), supervisor.wait_exit(running), supervisor.start(2)):
            with pytest.raises(SupervisorError) as caught:
                await attempt
            assert not caught.value.permanent
        with pytest.raises(SupervisorError, match="no file descriptor is left"):
            await supervisor.stop(running, 0.1)
    assert place.copies() == [running.process.pid]


async def test_a_record_that_cannot_be_read_is_no_absence(place: Place) -> None:
    running = await started(place)
    identity = place.state / "identity"
    identity.rename(place.state / "away")
    identity.mkdir()
    with pytest.raises(SupervisorError, match="cannot be read") as caught:
        await place.supervisor().find()
    assert not caught.value.permanent
    identity.rmdir()
    (place.state / "away").rename(identity)
    look = await place.supervisor().find()
    assert look.running is not None
    assert look.running.process == running.process
