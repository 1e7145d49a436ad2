"""People start and stop the service themselves; others hold its port; and starts that cannot succeed."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from opsbot.config.load import load
from opsbot.demo.scene import TARGET
from tests.e2e.processes import lives
from tests.e2e.reading import said, text_of
from tests.e2e.stage import Running, Stage

HOLD_PORT = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print("held", flush=True)
    sys.stdin.read()
"""

ENDS_AT_ONCE = """
import sys
with open("starts", "a") as starts:
    starts.write("started ")
sys.exit(int(sys.argv[1]))
"""


async def test_a_restart_by_hand_is_adopted_without_an_incident(stage: Stage) -> None:
    async with stage.opsbot() as running:
        await stage.kill(signal.SIGTERM)
        async with stage.by_hand() as pid:
            await stage.until(lambda: adopted(running) == pid)
            await stage.until_well(running)
            assert stage.pids() == [pid]
            assert f"PID: {pid}" in said(await stage.world.vera.slash(stage.world.ops, "health"))
            assert stage.of(1) == []
            await stage.world.olga.slash(stage.world.ops, "pause", minutes=5, reason="the test ends")
            await stage.kill()
            await stage.message()


async def test_a_service_that_somebody_started_before_opsbot_is_adopted(stage: Stage) -> None:
    async with stage.by_hand() as pid, stage.opsbot() as running:
        assert stage.pids() == [pid]
        assert stage.sim.messages(stage.world.ops) == []
        new = await stage.restarted(await stage.kill())
        await stage.resolved()
        await stage.until_well(running)
        assert stage.pids() == [new]


async def test_a_clean_end_that_nobody_follows_up_is_repaired_after_the_handover(
    stage: Stage,
) -> None:
    stage.edit("handover_seconds: 5", "handover_seconds: 0.5")
    async with stage.opsbot():
        new = await stage.restarted(await stage.kill(signal.SIGTERM))
        over = await stage.resolved()
        assert "SIGTERM" in text_of(over) or "code 0" in text_of(over)
        assert stage.pids() == [new]


async def test_a_program_that_holds_the_port_survives_and_is_named(stage: Stage) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD_PORT, str(stage.port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        await holder.stdout.readline()
        async with stage.opsbot(well=False):
            message = await stage.message(1, lambda m: f"pid {holder.pid} " in text_of(m))
            assert "which was left alone" in text_of(message)
            assert lives(holder.pid)
            assert stage.pids() == []
            holder.kill()
            await holder.wait()
            await stage.until(stage.pids)
            await stage.resolved()
    finally:
        if holder.returncode is None:
            holder.kill()
            await holder.wait()


async def test_exit_code_78_is_not_answered_with_another_start(stage: Stage) -> None:
    starts = ends_at_once(stage, 78)
    async with stage.opsbot(well=False) as running:
        message = await stage.message(1, lambda m: "No automatic restart" in text_of(m))
        assert "exit code 78 means that a restart cannot help" in text_of(message)
        await looks(running, 5)
        assert starts.read_text().count("started") == 1
    assert len(stage.alarms()) == 1


async def test_a_crash_loop_is_one_incident_that_ends_on_hold(stage: Stage) -> None:
    stage.edit("max_per_hour: 100, backoff_max_seconds: 2", "max_per_hour: 3, backoff_seconds: 0.1")
    starts = ends_at_once(stage, 1)
    async with stage.opsbot(well=False) as running:
        held = await stage.message(1, lambda m: "No more automatic restarts" in text_of(m))
        assert "exited with code 1" in text_of(held)
        await looks(running, 5)
        assert starts.read_text().count("started") == 4
        assert [i.id for i in running.runtime.ops.incidents()] == [1]
    assert stage.of(2) == []
    assert len(stage.of(1)) == 1
    assert len(stage.alarms()) == 2


async def test_a_missing_executable_is_said_once_and_not_tried_again(stage: Stage) -> None:
    use_command(stage, [str(stage.folder / "no-such-program"), "--serve"])
    async with stage.opsbot(well=False) as running:
        message = await stage.message(1, lambda m: "No automatic restart" in text_of(m))
        assert "no-such-program" in text_of(message)
        await looks(running, 5)
        acts = await running.runtime.pipeline._store.audit(100)
        assert sum(act.outcome == "failed" for act in acts) == 1
    assert len(stage.alarms()) == len(stage.of(1)) == 1
    assert "restarted" not in text_of(message)


def adopted(running: Running) -> int | None:
    """The pid that opsbot takes for the service's."""
    process = running.runtime.processes.current(TARGET)
    return process.pid if process else None


def ends_at_once(stage: Stage, code: int) -> Path:
    """Makes the service a program that ends with `code`; the file in which it counts its starts."""
    program = stage.folder / "ends_at_once.py"
    program.write_text(ENDS_AT_ONCE)
    use_command(stage, [sys.executable, str(program), str(code)])
    return stage.folder / "starts"


def use_command(stage: Stage, command: list[str]) -> None:
    """Gives the target another command."""
    stage.edit(str(stage.command), str(command))
    load(stage.file, {"OPSBOT_DISCORD_TOKEN": stage.token})


async def looks(running: Running, count: int) -> None:
    """Until the fastest loop has looked so many times more."""
    ops = running.runtime.ops
    for _ in range(count):
        await ops.run_loop("performance")
