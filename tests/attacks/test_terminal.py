"""What the command line prints moves no cursor, whoever put it there, and shows no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opsbot import redact
from opsbot.cli.printing import print_answer
from opsbot.control.server import serving, user_name
from opsbot.domain.health import HealthReport, Section
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding
from opsbot.errors import UsageError
from opsbot.redact import HIDDEN
from opsbot.testing.clock import VirtualClock
from opsbot.testing.operations import FakeOperations
from tests.bound import BOUND
from tests.control.wire import answer

EVIL = "x\x1b[2J\x9b31m\x07\u202ey"
TOKEN = "MTIzNDU2Nzg5.GaBcD.q1w2e3r4t5y6u7i8o9p0"


@pytest.mark.parametrize("as_json", [True, False])
def test_no_answer_controls_the_terminal_whatever_opsbot_it_comes_from(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[dict[str, Any]] = [{"text": f"line\n{EVIL}", "data": [EVIL]}, {"error": EVIL, "exit": 2}]
    assert print_answer(lines, as_json=as_json) == 2
    shown = "".join(capsys.readouterr())
    assert not set(shown) & set("\x1b\x9b\x07\u202e")
    assert "xy" in shown


async def test_health_shows_no_secret_neither_as_text_nor_as_data(tmp_path: Path) -> None:
    operations = FakeOperations(VirtualClock())
    finding = Finding(Outcome.FAIL, f"Health {TOKEN}", f"answered {TOKEN}")
    operations.reports["summarybot"] = HealthReport(
        "summarybot", "Bot", operations.clock.now(), (Section("API", (finding,)),), notes=(f"why: {TOKEN}",)
    )
    with redact.hidden([TOKEN]):
        async with serving(operations, tmp_path):
            (line,) = await answer(tmp_path, {"verb": "health"})
    assert TOKEN not in json.dumps(line)
    assert json.dumps(line, ensure_ascii=False).count(HIDDEN) == 6


@pytest.mark.parametrize("error", [UsageError(f"no: {TOKEN} {EVIL}"), RuntimeError(f"{TOKEN} {EVIL}")])
async def test_no_error_shows_a_secret_or_controls_the_terminal(tmp_path: Path, error: Exception) -> None:
    operations = FakeOperations(VirtualClock(), fails={"pause": error})
    with redact.hidden([TOKEN]):
        async with serving(operations, tmp_path):
            (line,) = await answer(tmp_path, {"verb": "pause", "minutes": 5})
    assert TOKEN not in line["error"]
    assert "\x1b" not in line["error"]


def test_a_wrong_value_in_a_configuration_does_not_control_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text('version: "\\e[2J\\e]0;owned\\a"\n"\\e[31mkey": 1\n')
    done = subprocess.run(
        [sys.executable, "-m", "opsbot", "check-config", "-c", str(file)], capture_output=True, timeout=BOUND
    )
    assert done.returncode == 78
    assert b"opsbot.yml:1" in done.stderr
    assert b"\x1b" not in done.stderr + done.stdout
    assert b"\x07" not in done.stderr + done.stdout


def test_a_value_in_a_configuration_forges_no_line_of_the_complaint(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text('"a\\nopsbot.yml is fine": 1\nversion: "x\\nopsbot.yml is fine"\n')
    done = subprocess.run(
        [sys.executable, "-m", "opsbot", "check-config", "-c", str(file)], capture_output=True, timeout=BOUND
    )
    assert done.returncode == 78
    assert len(done.stderr.splitlines()) == 2


def test_who_asks_at_the_command_line_is_not_what_the_environment_says() -> None:
    asked = "from opsbot.app import _me; me = _me(); print(me.id, me.name)"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "USER": "mallory", "LOGNAME": "mallory"},
        capture_output=True,
        timeout=BOUND,
        text=True,
    )
    assert done.stdout.split() == [str(os.getuid()), user_name(os.getuid())]
