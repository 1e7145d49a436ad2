"""Starting: never twice, and what is wrong with a unit that does not start is said with the remedy."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._systemd import start
from tests.supervisors.systemd.units import UnitPlace


async def refused(unit: UnitPlace) -> SupervisorError:
    with pytest.raises(SupervisorError) as caught:
        await unit.supervisor().start(1)
    assert not unit.copies()
    return caught.value


async def test_a_unit_that_was_started_by_hand_is_adopted_with_generation_0(unit: UnitPlace) -> None:
    unit.by_hand("start")
    running = await unit.supervisor().start(5)
    assert (running.generation, running.adopted, len(unit.copies())) == (0, True, 1)
    assert str(running.process.pid) == unit.says("MainPID")


async def test_a_generation_belongs_to_one_invocation(unit: UnitPlace) -> None:
    await unit.supervisor().start(5)
    unit.by_hand("restart")
    look = await unit.supervisor().find()
    assert look.running is not None
    assert (look.running.generation, len(unit.copies())) == (0, 1)


async def test_opsbot_killed_while_it_starts_a_unit_knows_the_generation_afterwards(unit: UnitPlace) -> None:
    supervisor = unit.supervisor()
    supervisor._records.prepare()
    supervisor._book.intend(7)  # killed here, when systemd has the job already
    unit.by_hand("start")
    look = await unit.supervisor().find()
    assert look.running is not None
    assert look.running.generation == 7


async def test_a_start_that_fails_gives_its_generation_to_nobody(unit: UnitPlace) -> None:
    unit.write(ExecStart="/nonexistent/program")
    await refused(unit)
    unit.write()
    unit.by_hand("reset-failed")
    unit.by_hand("start")
    look = await unit.supervisor().find()
    assert look.running is not None
    assert look.running.generation == 0


@pytest.mark.parametrize("kind", ["simple", "exec"])
async def test_a_missing_executable_is_named_with_the_setting_to_correct(unit: UnitPlace, kind: str) -> None:
    unit.write(ExecStart="/nonexistent/program", Type=kind)
    error = await refused(unit)
    assert error.permanent
    assert "ExecStart=" in str(error)


async def test_a_missing_user_is_named_with_the_setting_to_correct(unit: UnitPlace) -> None:
    unit.write(User="nobody-has-this-name")
    error = await refused(unit)
    assert error.permanent
    assert "User=" in str(error)


async def test_a_missing_unit_is_said_with_the_remedy(unit: UnitPlace) -> None:
    unit.file.unlink()
    unit.systemctl("daemon-reload")
    assert (await unit.supervisor().find()).running is None
    error = await refused(unit)
    assert error.permanent
    assert "There is no unit" in str(error)


async def test_a_masked_unit_is_said_with_the_remedy(unit: UnitPlace) -> None:
    unit.file.unlink()
    unit.file.symlink_to("/dev/null")
    unit.systemctl("daemon-reload")
    error = await refused(unit)
    assert error.permanent
    assert f"systemctl unmask {unit.name}" in str(error)


async def test_a_unit_that_systemd_cannot_read_is_said_with_the_remedy(unit: UnitPlace) -> None:
    unit.write(ExecStart="")
    error = await refused(unit)
    assert error.permanent
    assert f"systemd-analyze verify {unit.name}" in str(error)


async def test_a_unit_that_only_others_may_start_is_said_with_the_remedy(unit: UnitPlace) -> None:
    unit.write(unit="RefuseManualStart=yes")
    error = await refused(unit)
    assert error.permanent
    assert "RefuseManualStart=" in str(error)


async def test_a_unit_that_ends_by_itself_is_no_target(unit: UnitPlace) -> None:
    unit.write(Type="oneshot", ExecStart="/bin/true")
    error = await refused(unit)
    assert error.permanent
    assert "oneshot" in str(error)


async def test_a_unit_whose_condition_is_not_met_is_not_called_started(unit: UnitPlace) -> None:
    unit.write(unit="ConditionPathExists=/proc/none")
    error = await refused(unit)
    assert "Condition" in str(error)


async def test_a_unit_that_ends_at_once_says_how(unit: UnitPlace) -> None:
    unit.write(ExecStart="/bin/sh -c 'exit 4'", Type="forking")
    error = await refused(unit)
    assert not error.permanent
    assert "exit" in str(error)


async def test_a_failed_dependency_is_said(unit: UnitPlace, tmp_path: Path) -> None:
    other = UnitPlace(tmp_path / "other")
    other.write(ExecStart="/nonexistent/program", Type="exec")
    unit.write(unit=f"Requires={other.name}\nAfter={other.name}")
    assert "dependency" in str(await refused(unit))
    await other.close()


async def test_a_unit_without_a_process_that_systemd_knows_is_said_with_the_remedy(unit: UnitPlace) -> None:
    unit.write(ExecStart="/bin/true", Type="forking", RemainAfterExit="yes")
    error = await refused(unit)
    assert error.permanent
    assert "PIDFile=" in str(error)


async def test_a_unit_that_is_active_without_its_process_is_started_anew(unit: UnitPlace) -> None:
    unit.write(RemainAfterExit="yes")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    os.kill(running.process.pid, signal.SIGTERM)
    ended = await supervisor.wait_exit(running)
    await unit.state("exited")
    assert ended.signal == signal.SIGTERM
    again = await supervisor.start(2)
    assert (again.generation, len(unit.copies())) == (2, 1)


async def test_a_unit_that_is_not_ready_yet_counts_as_started(unit: UnitPlace) -> None:
    unit.write(ExecStart=unit.program("signal.pause()"), Type="notify", TimeoutStartSec="infinity")
    running = await unit.supervisor().start(1)
    assert unit.says("ActiveState") == "activating"
    look = await unit.supervisor().find()
    assert look.running is not None
    assert look.running.process == running.process


async def test_what_runs_before_the_target_is_not_taken_for_it(unit: UnitPlace) -> None:
    flag = unit.folder / "flag"
    unit.write(ExecStartPre=f"/bin/sh -c 'while [ ! -e {flag} ]; do sleep 0.05; done'")
    unit.by_hand("start", "--no-block")
    assert (await unit.supervisor().find()).running is None
    flag.touch()
    running = await unit.supervisor().start(3)
    assert (running.generation, len(unit.copies())) == (3, 1)
    assert unit.command() == " ".join(_proc.argv(running.process.pid))


async def test_a_unit_that_never_gets_to_its_process_is_said(
    unit: UnitPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "START_SECONDS", 0.3)
    unit.write(ExecStartPre="/bin/sleep 1000")
    assert "ExecStartPre=" in str(await refused(unit))


async def test_a_target_that_goes_to_the_background_is_followed(unit: UnitPlace) -> None:
    lives_on = "os._exit(0) if os.fork() else None\nsignal.pause()"
    unit.write(ExecStart=unit.program(lives_on), Type="forking")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    assert unit.copies() == [running.process.pid]
    os.kill(running.process.pid, signal.SIGKILL)
    assert (await supervisor.wait_exit(running)).signal == signal.SIGKILL


@pytest.fixture
def nobody(unit: UnitPlace) -> Iterator[UnitPlace]:
    """The block runs as a user who may do nothing."""
    unit.by_hand("start")
    (unit.folder / "state").mkdir()
    for folder in (unit.folder, *unit.folder.parents[:3]):
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        yield unit
    finally:
        os.seteuid(0)


async def test_a_user_who_may_not_command_systemd_is_told_what_to_do(nobody: UnitPlace) -> None:
    supervisor = nobody.supervisor()
    look = await supervisor.find()
    assert look.running is not None
    with pytest.raises(SupervisorError, match="polkit") as caught:
        await supervisor.stop(look.running, 5.0)
    assert caught.value.permanent
    assert len(nobody.copies()) == 1
    os.seteuid(0)
    os.kill(look.running.process.pid, signal.SIGKILL)
    assert not (await supervisor.wait_exit(look.running)).asked, "what was refused was not its end"


async def test_opsbot_does_not_end_the_unit_that_it_runs_in(
    unit: UnitPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    monkeypatch.setattr(os, "getpid", lambda: running.process.pid)
    with pytest.raises(SupervisorError, match="opsbot itself"):
        await supervisor.stop(running, 5.0)
    assert len(unit.copies()) == 1


async def test_only_the_units_main_process_can_be_adopted(unit: UnitPlace) -> None:
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    assert (await supervisor.adopt(running.process)).process == running.process
    own = _proc.identify(os.getpid(), running.process.boot_id)
    assert own
    with pytest.raises(SupervisorError):
        await supervisor.adopt(own)


@pytest.mark.parametrize(
    "name", [r"{}@a\x2db.service", "_{}:x.service", "memory.{}.service", r"\x2d{}.service"]
)
async def test_names_that_systemd_writes_in_another_way_are_found(tmp_path: Path, name: str) -> None:
    unit = UnitPlace(tmp_path, name=name.format(os.getpid()))
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    await supervisor.stop(running, 10.0)
    assert unit.copies() == []
    await unit.close()


async def test_a_unit_is_the_same_by_its_alias(unit: UnitPlace) -> None:
    alias = unit.units / f"alias-{unit.name}"
    alias.symlink_to(unit.file)
    unit.systemctl("daemon-reload")
    running = await unit.supervisor().start(1)
    await unit.ready(running)
    other = unit.supervisor(alias.name)
    look = await other.find()
    assert look.running is not None
    assert look.running.process == running.process
    assert await other.tail(1) == [f"ready {running.process.pid}"]
    alias.unlink()
