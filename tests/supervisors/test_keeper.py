"""The keeper: it outlives opsbot, it may be killed itself, and no disk or log stops the target."""

from __future__ import annotations

import ast
import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

import opsbot.supervisors._keeper as keeper_package
from opsbot.domain.process import Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _keepers, _proc
from opsbot.supervisors._keeper.signals import HEARD, IGNORED
from tests.supervisors.helpers import Place, alive, eventually, kill

KEEPER_MAX_KIB = 16 * 1024
"""An interpreter alone has 9 MB; twice that would be an import too many."""


async def chattering(place: Place, **options: object) -> Running:
    running = await place.supervisor("chatter", **options).start(1)
    await eventually(lambda: _written(running) > 0)
    return running


def _written(running: Running) -> int:
    """Bytes that the process has written so far (proc(5), `io`)."""
    raw = _proc.read(f"/proc/{running.process.pid}/io").split()
    return int(raw[raw.index(b"wchar:") + 1]) if raw else 0


async def still_writes(running: Running, least: int = 3 * 1024 * 1024) -> None:
    """It writes more than any pipe holds: so somebody reads."""
    before = _written(running)
    await eventually(lambda: _written(running) > before + least or not alive(running.process.pid))
    assert alive(running.process.pid)


async def test_a_full_disk_does_not_hurt_the_target_and_the_loss_is_counted(place: Place) -> None:
    running = await chattering(place, log=Path("/dev/full"))
    await still_writes(running)
    supervisor = place.made[0]
    await supervisor.stop(running, 10.0)
    record = supervisor._records.exits()[-1]
    assert record.lost > 3 * 1024 * 1024


async def test_a_file_size_limit_does_not_kill_keeper_or_target(place: Place) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        running = await chattering(place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await still_writes(running)
    assert place.log.stat().st_size == 100_000
    assert alive(running.keeper_pid)


async def test_a_killed_keeper_costs_the_target_nothing_and_is_replaced(place: Place) -> None:
    running = await chattering(place)
    supervisor = place.made[0]
    waiting = asyncio.create_task(supervisor.wait_exit(running))
    await asyncio.sleep(0)
    os.kill(running.keeper_pid, signal.SIGKILL)
    await still_writes(running)
    look = await place.supervisor("chatter").find()
    assert look.running is not None
    assert look.running.process == running.process
    assert look.running.keeper_pid not in (0, running.keeper_pid)
    size = place.log.stat().st_size
    await eventually(lambda: place.log.stat().st_size > size)
    kill(running)
    assert not (await waiting).known


async def test_the_target_lives_on_while_nobody_reads_its_output(place: Place) -> None:
    """The keeper was killed while no opsbot runs: writes wait, nothing dies, nothing is lost."""
    running = await chattering(place)
    await place.made[0].close()
    os.kill(running.keeper_pid, signal.SIGKILL)
    await eventually(lambda: not alive(running.keeper_pid))
    await eventually(
        lambda: b"pipe_write" in _proc.read(f"/proc/{running.process.pid}/wchan") or _stuck(running)
    )
    assert alive(running.process.pid)
    await place.supervisor("chatter").find()
    await still_writes(running)
    await place.made[-1].stop(running, 10.0)
    numbers = [int(line.split()[1]) for line in place.text().splitlines() if line.startswith("line ")]
    assert numbers == list(range(len(numbers)))


def _stuck(running: Running) -> bool:
    """Where the kernel does not tell what a process waits for: it has filled the pipe."""
    return _written(running) > 900_000


async def test_signals_that_end_other_programs_do_not_end_a_keeper(place: Place) -> None:
    running = await place.supervisor().start(1)
    await place.ready(running.process.pid)
    for name in (*HEARD, *IGNORED, "SIGPIPE", "SIGXFSZ", "SIGTSTP", "SIGCONT"):
        os.kill(running.keeper_pid, signal.Signals[name])
    kill(running, signal.SIGUSR1)
    assert (await place.made[0].wait_exit(running)).code == 3


async def test_a_keeper_ends_with_its_target(place: Place) -> None:
    running = await place.supervisor().start(1)
    kill(running)
    await place.made[0].wait_exit(running)
    await eventually(lambda: not alive(running.keeper_pid))


async def test_a_log_renamed_under_the_writer_loses_and_doubles_no_line(place: Place) -> None:
    running = await chattering(place)
    for number in range(5):
        await eventually(lambda: place.log.exists() and place.log.stat().st_size > 20_000)
        place.log.rename(place.folder / f"rotated.{number}")
    await eventually(place.log.exists)
    await place.made[0].stop(running, 10.0)
    files = [place.folder / f"rotated.{number}" for number in range(5)] + [place.log]
    assert all(file.read_bytes().endswith(b"\n") for file in files)
    lines = [line for file in files for line in file.read_text().splitlines() if line.startswith("line ")]
    assert [int(line.split()[1]) for line in lines] == list(range(len(lines)))


async def test_sighup_finishes_a_renamed_log_of_a_silent_target(place: Place) -> None:
    running = await place.supervisor().start(1)
    await place.ready(running.process.pid)
    place.log.rename(place.folder / "rotated")
    os.kill(running.keeper_pid, signal.SIGHUP)
    await eventually(place.log.exists)


async def test_sighup_finishes_a_renamed_log_also_after_the_keeper_was_replaced(place: Place) -> None:
    running = await place.supervisor().start(1)
    await place.ready(running.process.pid)
    os.kill(running.keeper_pid, signal.SIGKILL)
    await eventually(lambda: not alive(running.keeper_pid))
    relieved = (await place.supervisor().find()).running
    assert relieved is not None
    place.log.rename(place.folder / "rotated")
    os.kill(relieved.keeper_pid, signal.SIGHUP)
    await eventually(place.log.exists)


async def test_all_that_a_target_wrote_before_its_end_is_in_the_log(place: Place) -> None:
    code = "import os\nfor n in range(20000): os.write(1, b'%d\\n' % n)\nos.kill(os.getpid(), 9)"
    supervisor = place.supervisor(command=[sys.executable, "-I", "-S", "-c", code])
    running = await supervisor.start(1)
    await supervisor.wait_exit(running)
    await eventually(lambda: not alive(running.keeper_pid))
    assert place.text().splitlines() == [str(number) for number in range(20000)]


async def test_output_without_a_configured_log_is_kept_in_the_state_directory(place: Place) -> None:
    supervisor = place.supervisor(log=None)
    running = await supervisor.start(1)
    await eventually(lambda: (place.state / "output.log").stat().st_size > 0)
    assert await supervisor.tail(5) == [f"ready {running.process.pid}"]


async def test_a_keeper_is_small(place: Place) -> None:
    running = await place.supervisor().start(1)
    fields = _proc.read(f"/proc/{running.keeper_pid}/status").split()
    assert int(fields[fields.index(b"VmRSS:") + 1]) < KEEPER_MAX_KIB


def test_a_keeper_imports_only_what_every_python_has() -> None:
    allowed = set(sys.stdlib_module_names)
    for file in Path(keeper_package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] in allowed or name.startswith("opsbot.supervisors._keeper."), file


async def test_a_halted_keeper_of_a_dead_target_still_tells_how_it_ended(place: Place) -> None:
    supervisor = place.supervisor()
    running = await supervisor.start(1)
    halt(running)
    kill(running)
    assert (await supervisor.wait_exit(running)).signal == signal.SIGKILL
    again = await supervisor.start(2)
    assert place.copies() == [again.process.pid]
    assert not alive(running.keeper_pid)


async def test_a_halted_keeper_that_nobody_waited_for_does_not_hold_up_the_next_start(place: Place) -> None:
    running = await place.supervisor().start(1)
    halt(running)
    kill(running)
    await eventually(lambda: not alive(running.process.pid))
    again = await place.supervisor().start(2)
    assert place.copies() == [again.process.pid]
    assert not alive(running.keeper_pid)


async def test_a_halted_keeper_goes_on_when_opsbot_looks(place: Place) -> None:
    running = await chattering(place)
    halt(running)
    await eventually(lambda: _stuck(running))
    look = await place.supervisor("chatter").find()
    assert look.running is not None
    assert look.running.keeper_pid == running.keeper_pid
    await still_writes(running)


async def test_a_halted_keeper_in_waiting_costs_one_start_and_no_second_target(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_keepers, "ANSWER_SECONDS", 0.2)
    supervisor = place.supervisor(standby=True)
    supervisor._keepers.make_ready(0.0)
    ready = await eventually(lambda: supervisor._keepers._ready)
    assert ready is not None
    os.kill(ready.pid, signal.SIGSTOP)
    with pytest.raises(SupervisorError, match="no answer") as caught:
        await supervisor.start(1)
    assert not caught.value.permanent
    running = await supervisor.start(1)
    assert place.copies() == [running.process.pid]
    assert not alive(ready.pid)


async def test_a_garbled_list_of_exits_does_not_hide_the_next_one(place: Place) -> None:
    supervisor = place.supervisor()
    running = await supervisor.start(1)
    await place.ready(running.process.pid)
    (place.state / "exits").write_bytes(b"\xff\xfe not JSON\n")
    kill(running, signal.SIGUSR1)
    assert (await supervisor.wait_exit(running)).code == 3
    assert [record.exit.code for record in supervisor._records.exits()] == [3]


async def test_a_dead_child_that_nobody_reaped_is_not_followed_into_the_background(place: Place) -> None:
    """The launcher leaves two: one that has failed already, and the daemon."""
    code = (
        "import os, time\n"
        "if not os.fork(): os._exit(1)\n"
        "time.sleep(0.05)\n"
        "daemon = os.fork()\n"
        "if not daemon: os.setsid(); time.sleep(1000)\n"
        "os.write(1, b'%d\\n' % daemon)\n"
    )
    supervisor = place.supervisor(command=[sys.executable, "-I", "-S", "-c", code])
    launcher = await supervisor.start(1)
    assert (await supervisor.wait_exit(launcher)).code == 0
    daemon = int(await eventually(place.text))
    await eventually(lambda: (i := supervisor._records.identity()) and i.process.pid == daemon)
    look = await supervisor.find()
    assert look.running is not None
    assert look.running.keeper_pid == launcher.keeper_pid


def halt(running: Running) -> None:
    os.kill(running.keeper_pid, signal.SIGSTOP)
