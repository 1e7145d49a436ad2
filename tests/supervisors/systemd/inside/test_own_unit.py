"""opsbot itself as a unit, by the text in docs/running.md: ready, alive, killed when it stands still."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.supervisors.helpers import TARGET
from tests.supervisors.systemd.inside.test_whole import until
from tests.supervisors.systemd.sandbox import ROOT
from tests.supervisors.systemd.units import UnitPlace

NEVER = "86400"


def documented() -> str:
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    return text.partition("```ini\n")[2].partition("```")[0]


def install(unit: UnitPlace, *command: str, **changed: str) -> None:
    """Writes the documented unit, at home here: other paths, no user and no file of secrets."""
    changed |= {
        "ExecStart": " ".join([sys.executable, "-m", *command]),
        "WorkingDirectory": str(unit.folder),
        "EnvironmentFile": "",
        "User": "",
        "RestartSec": "0.3",
    }
    text = documented()
    for key, value in changed.items():
        line = f"{key}={value}" if value else ""
        text, found = re.subn(rf"^{key}=.*$", line.replace("\\", "\\\\"), text, flags=re.MULTILINE)
        assert found == 1, key
    unit.file.write_text(text.replace("[Install]", f"Environment=PYTHONPATH={ROOT}\n[Install]"))
    unit.systemctl("daemon-reload")


def config(unit: UnitPlace) -> Path:
    file = unit.folder / "opsbot.yml"
    command = ", ".join([sys.executable, "-I", "-S", str(TARGET), str(unit.folder)])
    file.write_text(
        f"state_dir: {unit.folder}/opsbot\ntargets:\n  bot:\n"
        f"    supervisor: {{type: process, command: [{command}], standby: false}}\n"
        "    checks: {process: {interval_seconds: 0.3}}\n"
    )
    return file


async def test_it_is_started_when_it_works_and_the_target_outlives_a_stop(unit: UnitPlace) -> None:
    install(unit, "opsbot", "run", "-c", str(config(unit)))
    assert unit.by_hand("start") == ""
    assert unit.says("ActiveState") == "active"
    await until(unit.copies)
    (pid,) = unit.copies()
    assert unit.by_hand("stop") == ""
    assert unit.says("Result") == "success"
    assert unit.copies() == [pid]
    unit.by_hand("start")
    assert unit.copies() == [pid]


@pytest.mark.parametrize(
    ("itself", "more"),
    [
        pytest.param(NEVER, {"WatchdogSec": "2"}, id="systemd's watchdog kills it"),
        pytest.param("1", {}, id="it ends itself"),
    ],
)
async def test_one_that_stands_still_is_started_anew(
    itself: str, more: dict[str, str], unit: UnitPlace
) -> None:
    install(unit, "tests.runtime.stands", str(config(unit)), itself, itself, **more)
    unit.by_hand("start")
    await until(unit.copies)
    (pid,) = unit.copies()
    os.kill(int(unit.says("MainPID")), signal.SIGUSR1)
    await until(lambda: unit.says("NRestarts") == "1")
    await unit.state("active")
    assert unit.copies() == [pid]


async def test_a_configuration_that_cannot_be_used_is_not_tried_again(unit: UnitPlace) -> None:
    file = config(unit)
    file.write_text("nonsense: 1\n")
    install(unit, "opsbot", "run", "-c", str(file))
    unit.by_hand("start")
    await unit.state("failed")
    assert unit.says("ExecMainStatus") == "78"
    assert unit.says("NRestarts") == "0"
