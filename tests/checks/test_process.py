"""The process check, with real processes."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from opsbot.checks.process import ProcessCheck
from opsbot.clock import SystemClock
from opsbot.domain.levels import Outcome
from opsbot.domain.process import ProcessId
from tests.bound import BOUND
from tests.checks.support import build, child, context, identity, look, only, until

BUSY = "print('up', flush=True)\nwhile True: pass"


async def test_a_running_process_is_told_as_in_the_guides_report() -> None:
    with child() as target:
        me = identity(target.pid)
        seen = await look("process", context(lambda: me, one_shot=True))
    assert seen.outcome is Outcome.OK
    assert only(seen).label == "Process"
    shape = rf"PID: {target.pid}, CPU: \d+\.\d%, MEM: \d+\.\d%, RSS: \d+MB"
    assert re.fullmatch(shape, only(seen).text)
    assert seen.metrics["process_up"] == 1
    assert 0 < seen.metrics["rss_bytes"] < seen.metrics["vms_bytes"]
    assert 0 <= seen.metrics["process_uptime_seconds"] < 60
    assert seen.metrics["threads"] == 1
    assert seen.metrics["open_fds"] >= 3


async def test_cpu_is_of_the_last_interval_and_of_one_core() -> None:
    with child(code=BUSY) as target:
        me = identity(target.pid)
        check = build("process", context(lambda: me))
        first = await check.look()
        assert "cpu_percent" not in first.metrics
        await SystemClock().sleep(0.2)  # an interval to measure over, not a wait for something
        busy = await check.look()
        os.kill(target.pid, signal.SIGSTOP)
        await check.look()
        await SystemClock().sleep(0.2)
        stopped = await check.look()
        await check.close()
    assert busy.metrics["cpu_percent"] > 5
    assert stopped.metrics["cpu_percent"] < 1
    cores = os.cpu_count() or 1
    assert busy.metrics["cpu_machine_percent"] == pytest.approx(busy.metrics["cpu_percent"] / cores)


async def test_the_end_of_the_process_wakes_the_scheduler_at_once() -> None:
    woken = asyncio.Event()
    with child() as target:
        me = identity(target.pid)
        check = build("process", context(lambda: me, wake=woken.set))
        await check.look()
        target.kill()
        await asyncio.wait_for(woken.wait(), BOUND)
        seen = await check.look()
        await check.close()
    assert (seen.outcome, seen.metrics) == (Outcome.FAIL, {"process_up": 0.0})
    assert only(seen).text == f"not running (PID {target.pid} has ended)"


async def test_without_a_pidfd_it_says_that_it_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    with child() as target:
        me = identity(target.pid)
        seen = await look("process", context(lambda: me))
    assert "no pidfd" in seen.detail


async def test_a_zombie_is_dead() -> None:
    code = "import os,sys\npid = os.fork()\nif not pid: os._exit(0)\nprint(pid, flush=True)\nsys.stdin.read()"
    with child(code=f"import sys; sys.stdout.reconfigure(line_buffering=True)\n{code}") as parent:
        (zombie,) = [pid for pid in psutil.pids() if int(_fields(pid)[1]) == parent.pid]
        await until(lambda: _state(zombie) == "Z")
        me = ProcessId(SystemClock().boot_id, zombie, int(_fields(zombie)[19]))
        seen = await look("process", context(lambda: me))
    assert seen.outcome is Outcome.FAIL


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["", "0"]


def _state(pid: int) -> str:
    return _fields(pid)[0]


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot_id": "another"}])
async def test_a_pid_that_was_used_again_is_not_the_target(change: dict[str, object]) -> None:
    with child() as target:
        wrong = dataclasses.replace(identity(target.pid), **change)  # type: ignore[arg-type]
        seen = await look("process", context(lambda: wrong))
    assert seen.outcome is Outcome.FAIL


async def test_it_is_found_by_its_pid_file(tmp_path: Path) -> None:
    file = tmp_path / "bot.pid"
    with child() as target:
        file.write_text(f"{target.pid}\n")
        seen = await look("process", pid_file=file)
    assert f"PID: {target.pid}," in seen.detail


@pytest.mark.parametrize("content", ["", "junk", "-1", "0", "99999999999", "self\x00"])
async def test_a_pid_file_with_anything_else_in_it_means_not_running(tmp_path: Path, content: str) -> None:
    file = tmp_path / "bot.pid"
    file.write_text(content)
    assert (await look("process", pid_file=file)).outcome is Outcome.FAIL


async def test_a_pid_file_that_names_opsbot_itself_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "bot.pid"
    file.write_text(str(os.getpid()))
    assert (await look("process", pid_file=file)).outcome is Outcome.FAIL


async def test_it_is_found_by_its_command_line_and_found_again_after_a_restart(tmp_path: Path) -> None:
    (tmp_path / "bot_main.py").write_text("print('up', flush=True)\nimport sys; sys.stdin.read()")
    start = "import runpy; runpy.run_path('bot_main.py')"
    check = build("process", command=["python", "-c", start], cwd=tmp_path)
    with child(code=start, cwd=tmp_path) as first:
        one = await check.look()
    gone = await check.look()
    with child(code=start, cwd=tmp_path) as second:
        two = await check.look()
    await check.close()
    assert f"PID: {first.pid}," in one.detail
    assert gone.outcome is Outcome.FAIL
    assert f"PID: {second.pid}," in two.detail
    assert "cpu_percent" not in two.metrics, "another process's CPU is no baseline"


async def test_a_wrapper_is_seen_through_to_the_real_child(tmp_path: Path) -> None:
    code = "import sys;print('up',flush=True);sys.stdin.read()"
    wrapper = ["sh", "-c", '"$0" -c "$1"; true', sys.executable, code]
    with child(argv=wrapper, cwd=tmp_path) as outer:
        seen = await look("process", command=["poetry", "run", sys.executable, "-c", code], cwd=tmp_path)
        pid = int(re.findall(r"PID: (\d+)", seen.detail)[0])
        os.kill(pid, signal.SIGKILL)
    assert pid != outer.pid


async def test_nothing_to_look_for_is_not_running() -> None:
    assert (await look("process")).metrics == {"process_up": 0.0}


async def test_a_known_process_is_seen_at_a_glance_and_so_is_its_end() -> None:
    with child() as target:
        me = identity(target.pid)
        check = build("process", context(lambda: me))
        assert isinstance(check, ProcessCheck)
        first = check.glance()
        assert first is not None
        assert first.outcome is Outcome.OK
        seen = check.glance()
        assert seen is not None
        assert seen.metrics.keys() == (await check.look()).metrics.keys()
        assert seen.metrics["rss_bytes"] == psutil.Process(target.pid).memory_info().rss
        target.kill()
        target.wait()
        assert check.glance() is None
        assert (await check.look()).outcome is Outcome.FAIL
        await check.close()


async def test_a_process_that_must_be_searched_is_not_seen_at_a_glance(tmp_path: Path) -> None:
    with child() as target:
        file = tmp_path / "bot.pid"
        file.write_text(f"{target.pid}\n")
        check = build("process", context(), pid_file=file)
        assert isinstance(check, ProcessCheck)
        assert check.glance() is None
        assert (await check.look()).outcome is Outcome.OK
        again = check.glance()
        assert again is not None
        assert again.metrics["process_pid"] == target.pid
        file.write_text("1\n")
        assert check.glance() is None
        await check.close()
