"""Units of a user's own systemd."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsbot.errors import SupervisorError
from opsbot.supervisors.systemd import Scope
from tests.supervisors.systemd.units import UnitPlace

RUNTIME = Path("/run/user/0")
UNITS = RUNTIME / "systemd" / "user"


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[UnitPlace]:
    """A user's systemd, as `loginctl enable-linger` has it run."""
    RUNTIME.mkdir(mode=0o700, parents=True, exist_ok=True)
    manager = UnitPlace(tmp_path / "manager", name="user@0.service")
    manager.write(
        ExecStart="/lib/systemd/systemd --user",
        Type="notify",
        Delegate="yes",
        Environment=f"XDG_RUNTIME_DIR={RUNTIME}",
    )
    yield manager
    await manager.close()


async def test_a_unit_of_the_users_own_systemd_is_started_watched_and_stopped(
    manager: UnitPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.by_hand("start")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(RUNTIME))
    unit = UnitPlace(tmp_path / "unit", scope=Scope.USER, units=UNITS)
    supervisor = unit.supervisor()
    running = await supervisor.start(3)
    await unit.ready(running)
    look = await unit.supervisor().find()
    assert look.running is not None
    assert (look.running.process, look.running.generation) == (running.process, 3)
    os.kill(running.process.pid, signal.SIGUSR1)
    assert (await supervisor.wait_exit(running)).code == 3
    running = await supervisor.start(4)
    await unit.ready(running)
    ended = await supervisor.stop(running, 10.0)
    assert (ended.signal, ended.asked, unit.copies()) == (signal.SIGTERM, True, [])
    await unit.close()


async def test_an_exit_before_systemds_restart_is_known_there_too(
    manager: UnitPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.by_hand("start")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(RUNTIME))
    unit = UnitPlace(tmp_path / "unit", scope=Scope.USER, units=UNITS)
    unit.write(Restart="always", RestartSec="0")
    supervisor = unit.supervisor()
    running = await supervisor.start(1)
    await unit.ready(running)
    os.kill(running.process.pid, signal.SIGUSR1)
    ended = await supervisor.wait_exit(running)
    assert ended.code == 3
    assert ended.successor > 0
    await unit.close()


async def test_a_user_without_a_systemd_of_his_own_is_told_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    unit = UnitPlace(tmp_path, scope=Scope.USER, units=tmp_path / "units")
    with pytest.raises(SupervisorError, match="enable-linger") as caught:
        await unit.supervisor().find()
    assert caught.value.permanent
