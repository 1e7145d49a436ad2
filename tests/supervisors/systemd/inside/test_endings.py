"""How a unit ended, and whether systemd starts it again: then opsbot does not."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from opsbot.domain.process import Running
from opsbot.errors import SupervisorError
from opsbot.supervisors._systemd.unit import SUCCESSOR_MARGIN
from opsbot.supervisors.systemd import SystemdSupervisor
from tests.bound import BOUND
from tests.supervisors.helpers import eventually
from tests.supervisors.systemd.units import UnitPlace


async def found(supervisor: SystemdSupervisor) -> Running:
    """What runs, as soon as something does."""
    async with asyncio.timeout(BOUND):
        while True:
            look = await supervisor.find()
            if look.running:
                return look.running
            await asyncio.sleep(0.01)


async def test_what_systemd_restarts_opsbot_does_not_restart_a_second_time(unit: UnitPlace) -> None:
    unit.write(Restart="always", RestartSec="1")
    supervisor = unit.supervisor()
    running = await supervisor.start(4)
    os.kill(running.process.pid, signal.SIGKILL)
    ended = await supervisor.wait_exit(running)
    assert (ended.signal, ended.asked) == (signal.SIGKILL, False)
    assert ended.successor == 1 + SUCCESSOR_MARGIN
    look = await supervisor.find()
    assert look.running is None
    assert look.last_exit is not None
    assert look.last_exit.successor == 1 + SUCCESSOR_MARGIN
    successor = await found(supervisor)
    assert successor.process != running.process
    assert (successor.generation, successor.adopted, len(unit.copies())) == (0, True, 1)
    assert unit.says("NRestarts") == "1"


async def test_a_person_need_not_wait_until_systemd_restarts_it(unit: UnitPlace) -> None:
    unit.write(Restart="always", RestartSec="1h")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    os.kill(running.process.pid, signal.SIGKILL)
    await supervisor.wait_exit(running)
    await unit.state("auto-restart")
    again = await supervisor.start(2)
    assert (again.generation, again.adopted, len(unit.copies())) == (2, False, 1)


async def test_an_exit_is_known_also_when_systemd_has_started_the_next_at_once(unit: UnitPlace) -> None:
    unit.write(Restart="always", RestartSec="0")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    os.kill(running.process.pid, signal.SIGUSR1)
    await eventually(lambda: unit.says("MainPID") not in ("0", str(running.process.pid)))
    ended = await supervisor.wait_exit(running)
    assert (ended.code, ended.successor) == (3, SUCCESSOR_MARGIN)


async def test_a_crash_that_systemd_leaves_to_others_has_no_successor(unit: UnitPlace) -> None:
    unit.write(Restart="on-abort")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    os.kill(running.process.pid, signal.SIGUSR1)
    ended = await supervisor.wait_exit(running)
    assert (ended.code, ended.successor) == (3, 0.0)


async def test_what_is_left_of_a_unit_delays_systemds_restart_and_that_is_reckoned_with(
    unit: UnitPlace,
) -> None:
    unit.write("children", Restart="always", RestartSec="2", TimeoutStopSec="30")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    await unit.said("child ")
    os.kill(running.process.pid, signal.SIGKILL)
    ended = await supervisor.wait_exit(running)
    assert unit.says("ActiveState") == "deactivating"
    assert (ended.signal, ended.successor) == (signal.SIGKILL, 30 + 2 + SUCCESSOR_MARGIN)


async def test_when_systemd_gives_up_opsbots_own_policy_takes_over(unit: UnitPlace) -> None:
    limit = "StartLimitBurst=2\nStartLimitIntervalSec=1h"
    unit.write(unit=limit, Restart="always", RestartSec="0", ExecStart="/bin/sh -c 'sleep 0.05; exit 9'")
    supervisor = unit.supervisor()
    with suppress(SupervisorError):
        await supervisor.start(1)
    await unit.state("failed")
    look = await supervisor.find()
    assert look.last_exit is not None
    assert (look.last_exit.code, look.last_exit.successor) == (9, 0.0)
    assert "StartLimitBurst=" in look.last_exit.cause
    unit.write(unit=limit)
    running = await supervisor.start(2)
    assert (running.generation, len(unit.copies())) == (2, 1), "the limit does not bind a person"


async def test_somebody_who_stops_a_unit_by_hand_ends_it_cleanly(unit: UnitPlace) -> None:
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    unit.by_hand("stop")
    ended = await supervisor.wait_exit(running)
    assert (ended.clean, ended.asked, ended.successor) == (True, False, 0.0)


async def test_so_does_who_stops_a_unit_that_must_be_killed_for_it(unit: UnitPlace) -> None:
    unit.write("ignore", TimeoutStopSec="0.1", Restart="always")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    unit.by_hand("stop")
    ended = await supervisor.wait_exit(running)
    assert (ended.clean, ended.asked, ended.successor) == (True, False, 0.0)
    assert "told to stop it; it killed by SIGKILL" in str(ended)


async def test_who_restarts_a_unit_by_hand_is_followed(unit: UnitPlace) -> None:
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    unit.by_hand("restart")
    ended = await supervisor.wait_exit(running)
    assert ended.successor == SUCCESSOR_MARGIN
    assert (await found(supervisor)).process != running.process
    assert len(unit.copies()) == 1


async def test_a_main_process_that_hands_over_to_another_is_no_end_of_the_unit(unit: UnitPlace) -> None:
    hands_over = """
main = os.getpid()
if os.fork():
    tell("READY=1")
    signal.sigwait([signal.SIGUSR1])
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
print("ready", flush=True)
signal.sigwait([signal.SIGUSR2])
tell(f"MAINPID={os.getpid()}")
signal.pause()
"""
    unit.write(ExecStart=unit.program(hands_over), Type="notify", NotifyAccess="all")
    supervisor = unit.supervisor()
    running = await supervisor.start(6)
    await unit.said("ready")
    [child] = {*unit.copies()} - {running.process.pid}
    os.kill(child, signal.SIGUSR2)
    await eventually(lambda: unit.says("MainPID") == str(child))
    os.kill(running.process.pid, signal.SIGKILL)
    ended = await supervisor.wait_exit(running)
    assert (ended.clean, ended.successor) == (True, SUCCESSOR_MARGIN)
    assert f"goes on as pid {child}" in ended.cause
    successor = await found(supervisor)
    assert (successor.process.pid, successor.generation) == (child, 6)


async def test_a_watchdog_of_systemd_is_named(unit: UnitPlace) -> None:
    silent = 'tell("READY=1")\nsignal.pause()'
    unit.write(ExecStart=unit.program(silent), Type="notify", WatchdogSec="0.2")
    supervisor = unit.supervisor()
    ended = await supervisor.wait_exit(await supervisor.start(1))
    assert ended.signal == signal.SIGABRT
    assert "WatchdogSec=" in ended.cause


async def test_a_unit_that_does_not_get_ready_in_time_is_told_as_that(unit: UnitPlace) -> None:
    unit.write(ExecStart=unit.program("signal.pause()"), Type="notify", TimeoutStartSec="0.3")
    supervisor = unit.supervisor()
    ended = await supervisor.wait_exit(await supervisor.start(1))
    assert "TimeoutStartSec=" in ended.cause


async def test_a_unit_that_ends_well_and_is_forgotten_by_systemd_is_told_as_ended_well(
    unit: UnitPlace,
) -> None:
    flag = unit.folder / "flag"
    unit.write(ExecStart=f"/bin/sh -c 'while [ ! -e {flag} ]; do sleep 0.02; done'")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    flag.touch()
    ended = await supervisor.wait_exit(running)
    assert (ended.code, ended.successor) == (0, 0.0)


async def test_how_it_ended_while_opsbot_was_away_is_found(unit: UnitPlace) -> None:
    running = await unit.supervisor().start(1)
    await unit.ready(running)
    os.kill(running.process.pid, signal.SIGUSR1)
    await unit.state("failed")
    look = await unit.supervisor().find()
    assert look.last_exit is not None
    assert (look.last_exit.code, look.last_exit.asked) == (3, False)
    assert 0 <= unit.clock.now().mono - look.last_exit.at.mono < 60


async def test_that_it_ended_well_while_opsbot_was_away_is_found(unit: UnitPlace) -> None:
    running = await unit.supervisor().start(1)
    await unit.ready(running)
    unit.by_hand("stop")
    look = await unit.supervisor().find()
    assert look.last_exit is not None
    assert look.last_exit.clean


async def test_a_stop_that_opsbot_asked_for_is_still_known_as_that_later(unit: UnitPlace) -> None:
    supervisor = unit.supervisor()
    await supervisor.stop(await supervisor.start(1), 10.0)
    look = await unit.supervisor().find()
    assert look.last_exit is not None
    assert (look.last_exit.signal, look.last_exit.asked) == (signal.SIGTERM, True)
