"""What a unit leaves behind, and who holds its port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess

import pytest

from opsbot.supervisors import _proc
from tests.supervisors.systemd.units import UnitPlace


async def test_what_a_unit_left_behind_is_swept(unit: UnitPlace) -> None:
    unit.write("children", KillMode="process")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    await unit.said("child ")
    assert await supervisor.sweep() == 0, "never the running target, nor what it started"
    assert len(unit.copies()) == 2
    await supervisor.stop(running, 10.0)
    assert len(unit.copies()) == 1
    assert await supervisor.sweep([80]) == 1
    assert (unit.copies(), await supervisor.sweep()) == ([], 0)


async def test_a_unit_that_systemd_is_about_to_restart_is_not_swept(unit: UnitPlace) -> None:
    unit.write("children", KillMode="process", Restart="always", RestartSec="1h")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    await unit.said("child ")
    os.kill(running.process.pid, signal.SIGKILL)
    await supervisor.wait_exit(running)
    assert (await supervisor.sweep(), len(unit.copies())) == (0, 1)


async def test_who_holds_a_port_is_told_apart(unit: UnitPlace) -> None:
    unit.write("port")
    supervisor = unit.supervisor()
    await supervisor.start(1)
    port = int((await unit.said("port ")).split()[1])
    holder = await supervisor.port_holder(port)
    assert holder is not None
    assert (holder.ours, [holder.pid]) == (True, unit.copies())
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        foreign = await supervisor.port_holder(port)
        assert foreign is not None
        assert (foreign.ours, foreign.pid) == (False, os.getpid())
    assert await supervisor.port_holder(port) is None


async def test_a_leftover_that_holds_the_port_is_ours_and_goes(unit: UnitPlace) -> None:
    unit.write("port", KillMode="none")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    port = int((await unit.said("port ")).split()[1])
    await supervisor.stop(running, 10.0)
    assert await supervisor.port_holder(port) is None


async def test_a_process_with_the_units_name_in_its_arguments_is_foreign(
    unit: UnitPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unit.supervisor().start(1)
    stranger = subprocess.Popen(["sleep", "1000", unit.name], stderr=subprocess.DEVNULL)
    try:
        await unit.supervisor().sweep()
        assert _proc.stat(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()


async def test_there_is_no_log_of_opsbots_own(unit: UnitPlace) -> None:
    assert unit.supervisor().own_log() is None


async def test_lines_of_the_journal_come_as_they_were_written(unit: UnitPlace) -> None:
    unit.write(
        ExecStart=unit.program("os.write(1, b'--user\\nn\\xc3\\xa9w \\xff\\nlast\\n')\nsignal.pause()")
    )
    supervisor = unit.supervisor()
    await supervisor.start(1)
    await unit.said("last")
    assert await supervisor.tail(3) == ["--user", "n\u00e9w \ufffd", "last"]
    assert await supervisor.tail(1) == ["last"]
    assert await supervisor.tail(-1) == []
