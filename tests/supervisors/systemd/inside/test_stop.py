"""Stopping: by systemd's own stop, within opsbot's time, and what systemd has in mind is ended too."""

from __future__ import annotations

import asyncio
import os
import signal

from tests.supervisors.systemd.units import UnitPlace

SHORT = 0.3
LONG = 20.0


async def test_a_unit_that_ignores_sigterm_is_killed_when_opsbots_time_is_over(unit: UnitPlace) -> None:
    unit.write("ignore", TimeoutStopSec="infinity")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    ended = await supervisor.stop(running, SHORT)
    assert (ended.signal, ended.asked, unit.copies()) == (signal.SIGKILL, True, [])


async def test_a_unit_is_killed_also_when_systemd_would_not(unit: UnitPlace) -> None:
    unit.write("ignore", TimeoutStopSec="0.1s", SendSIGKILL="no")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    ended = await supervisor.stop(running, SHORT)
    assert (ended.signal, ended.asked, unit.copies()) == (signal.SIGKILL, True, [])


async def test_a_shorter_time_of_systemd_is_named(unit: UnitPlace) -> None:
    unit.write("ignore", TimeoutStopSec="0.2s")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    ended = await supervisor.stop(running, LONG)
    assert (ended.signal, ended.asked) == (signal.SIGKILL, True)
    assert "TimeoutStopSec=" in ended.cause


async def test_a_process_that_hangs_in_a_sigstop_is_ended_too(unit: UnitPlace) -> None:
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    os.kill(running.process.pid, signal.SIGSTOP)
    ended = await supervisor.stop(running, LONG)
    assert (ended.signal, unit.copies()) == (signal.SIGTERM, []), "systemd wakes it with a SIGCONT"


async def test_children_that_ignore_sigterm_are_killed_with_it(unit: UnitPlace) -> None:
    unit.write("children", TimeoutStopSec="infinity")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    await unit.said("child ")
    assert len(unit.copies()) == 2
    ended = await supervisor.stop(running, 1.0)
    assert (ended.signal, ended.asked, unit.copies()) == (signal.SIGTERM, True, [])


async def test_a_stop_command_that_hangs_does_not_hang_opsbot(unit: UnitPlace) -> None:
    unit.write(ExecStop="/bin/sleep 1000", TimeoutStopSec="infinity")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    ended = await supervisor.stop(running, SHORT)
    assert (ended.signal, unit.copies()) == (signal.SIGKILL, [])
    await unit.state("failed")


async def test_a_unit_that_systemd_restarts_always_stays_stopped(unit: UnitPlace) -> None:
    unit.write(Restart="always", RestartSec="0")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    ended = await supervisor.stop(running, LONG)
    assert (ended.signal, ended.asked, ended.successor) == (signal.SIGTERM, True, 0.0)
    assert (unit.says("ActiveState"), unit.copies()) == ("inactive", [])


async def test_a_restart_that_systemd_has_in_mind_is_ended_by_a_stop(unit: UnitPlace) -> None:
    unit.write(Restart="always", RestartSec="1h")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    os.kill(running.process.pid, signal.SIGKILL)
    await supervisor.wait_exit(running)
    ended = await supervisor.stop(running, LONG)
    assert (ended.signal, ended.asked, ended.successor) == (signal.SIGKILL, False, 0.0)
    assert unit.says("ActiveState") in ("inactive", "failed")


async def test_a_restart_that_systemd_has_in_mind_is_called_off_although_nothing_runs(
    unit: UnitPlace,
) -> None:
    unit.write(Restart="always", RestartSec="1h")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    os.kill(running.process.pid, signal.SIGKILL)
    await supervisor.wait_exit(running)
    await supervisor.forestall()
    assert unit.says("ActiveState") in ("inactive", "failed")


async def test_what_systemd_has_started_meanwhile_is_stopped_by_a_stop(unit: UnitPlace) -> None:
    unit.write(Restart="always", RestartSec="0")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    os.kill(running.process.pid, signal.SIGKILL)
    await supervisor.wait_exit(running)
    await unit.state("active")
    ended = await supervisor.stop(running, LONG)
    assert (ended.asked, unit.copies()) == (True, [])


async def test_what_a_person_has_started_meanwhile_is_not_stopped(unit: UnitPlace) -> None:
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    unit.by_hand("restart")
    ended = await supervisor.stop(running, LONG)
    assert (ended.asked, len(unit.copies())) == (False, 1)
    assert unit.says("MainPID") == str(unit.copies()[0])


async def test_an_enabled_units_exit_status_is_exact(unit: UnitPlace) -> None:
    polite = "/bin/sh -c 'trap \"exit 0\" TERM; echo ready; while :; do sleep 0.02; done'"
    unit.write(ExecStart=polite, install="WantedBy=sandbox.target")
    unit.by_hand("enable", "--runtime")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.said("ready")
    ended = await supervisor.stop(running, LONG)
    assert (ended.code, ended.signal, ended.asked, ended.cause) == (0, None, True, "")
    unit.by_hand("disable", "--runtime")


async def test_a_unit_whose_processes_systemd_leaves_alone_is_stopped_all_the_same(unit: UnitPlace) -> None:
    unit.write(KillMode="none")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    unit.by_hand("stop")
    look = await supervisor.find()
    assert look.running is not None, "it runs on, whatever systemd calls the unit"
    assert (await supervisor.start(2)).process == running.process
    ended = await supervisor.stop(running, LONG)
    assert (ended.signal, ended.asked, unit.copies()) == (signal.SIGTERM, True, [])


async def test_one_that_ignores_sigterm_too(unit: UnitPlace) -> None:
    unit.write("ignore", KillMode="none")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    ended = await supervisor.stop(running, SHORT)
    assert (ended.signal, ended.asked, unit.copies()) == (signal.SIGKILL, True, [])


async def test_a_stop_that_is_cut_off_goes_on_in_systemd(unit: UnitPlace) -> None:
    unit.write("ignore", TimeoutStopSec="infinity")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    stopping = asyncio.create_task(supervisor.stop(running, LONG))
    await unit.state("deactivating")
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    ended = await unit.supervisor().stop(running, SHORT)
    assert (ended.signal, ended.asked, unit.copies()) == (signal.SIGKILL, True, [])
