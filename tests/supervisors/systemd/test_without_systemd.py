"""A machine where systemd cannot be asked: that is said, and nothing hangs. A script plays systemctl."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._systemd import systemctl
from opsbot.supervisors.base import SupervisorContext
from opsbot.supervisors.systemd import Options, SystemdSupervisor

Says = Callable[[str], None]


@pytest.fixture
def supervisor(tmp_path: Path) -> SystemdSupervisor:
    context = SupervisorContext(target="bot", clock=SystemClock(), directory=tmp_path / "state")
    return SystemdSupervisor(Options(unit="bot.service"), context)


@pytest.fixture
def systemctl_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """All that is on PATH are the usual programs, and a `systemctl` that runs these lines of shell."""

    def script(text: str) -> None:
        path = tmp_path / "bin" / "systemctl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")

    return script


@pytest.fixture
def child() -> Iterator[Running]:
    """A process that systemd might have started."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    clock = SystemClock()
    identity = _proc.identify(process.pid, clock.boot_id)
    assert identity
    yield Running(identity, clock.now())
    process.kill()
    process.wait()


async def test_a_machine_without_systemd_is_told_as_one(
    supervisor: SystemdSupervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for asked in (supervisor.find(), supervisor.start(1)):
        with pytest.raises(SupervisorError, match="use the supervisor `process`") as caught:
            await asked
        assert caught.value.permanent
    assert await supervisor.tail(5) == []


async def test_so_is_one_where_another_init_runs(supervisor: SystemdSupervisor, systemctl_is: Says) -> None:
    systemctl_is(
        'echo "System has not been booted with systemd as init system (PID 1). Can\'t operate." >&2; exit 1'
    )
    with pytest.raises(SupervisorError, match="as the machine's init system"):
        await supervisor.find()


async def test_a_systemd_that_hangs_is_not_waited_for(
    supervisor: SystemdSupervisor, systemctl_is: Says, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    systemctl_is(f"echo $$ >> {tmp_path}/pids; sleep 1000")
    monkeypatch.setattr(systemctl, "ANSWER_SECONDS", 0.3)
    with pytest.raises(SupervisorError, match="did not answer") as caught:
        await supervisor.find()
    assert not caught.value.permanent
    [pid] = map(int, (tmp_path / "pids").read_text().split())
    assert not _proc.stat(pid), "nothing of it is left"


async def test_an_end_is_told_although_systemd_hangs(
    supervisor: SystemdSupervisor, systemctl_is: Says, child: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemctl_is("sleep 1000")
    monkeypatch.setattr(systemctl, "ANSWER_SECONDS", 0.3)
    waiting = asyncio.ensure_future(supervisor.wait_exit(child))
    await asyncio.sleep(0)
    os.kill(child.process.pid, 9)
    ended = await waiting
    assert (ended.known, ended.asked) == (False, False)
    assert "did not answer" in ended.cause


@pytest.mark.parametrize("answer", ["", "what?", "Id", "MainPID=12", "\\0\\377"])
async def test_an_answer_that_is_none_is_an_error(
    supervisor: SystemdSupervisor, systemctl_is: Says, answer: str
) -> None:
    systemctl_is(f"printf '{answer}'")
    with pytest.raises(SupervisorError):
        await supervisor.find()


async def test_a_process_that_systemd_names_but_opsbot_cannot_be_sure_of_is_not_taken(
    supervisor: SystemdSupervisor, systemctl_is: Says, child: Running
) -> None:
    """As in a container that sees the machine's systemd, but other processes."""
    pid = child.process.pid
    systemctl_is(
        f"printf 'Id=bot.service\\nLoadState=loaded\\nActiveState=active\\nMainPID={pid}\\n"
        f"ControlGroup=/system.slice/bot.service\\nInvocationID=abc\\n'"
    )
    with pytest.raises(SupervisorError, match="same processes as systemd"):
        await supervisor.find()
    with pytest.raises(SupervisorError, match="same processes as systemd"):
        await supervisor.stop(child, 1.0)
    assert _proc.alive(child.process, child.process.boot_id)


async def test_systemctl_gets_none_of_opsbots_secrets(
    supervisor: SystemdSupervisor, systemctl_is: Says, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPSBOT_DISCORD_TOKEN", "hunter2")
    systemctl_is(f"env > {tmp_path}/env; printf '%s\\n' \"$@\" > {tmp_path}/words; exit 1")
    with pytest.raises(SupervisorError):
        await supervisor.find()
    assert "hunter2" not in (tmp_path / "env").read_text()
    assert (tmp_path / "words").read_text().split("\n")[-3:] == ["--", "bot.service", ""]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"invocation": 5}', "null", "\0"])
async def test_a_broken_record_is_as_none(
    supervisor: SystemdSupervisor, systemctl_is: Says, tmp_path: Path, text: str
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "unit").write_text(text)
    systemctl_is("printf 'Id=bot.service\\nLoadState=loaded\\nActiveState=inactive\\n'")
    look = await supervisor.find()
    assert (look.running, look.last_exit) == (None, None)
