"""`opsbot run`: what keeps it from starting, and how it ends."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.cli.commands import Place, begun, ended, opsbot, sentence

DISCORD = """
discord:
  guild: 1
  ops_channel: 2
  roles: {viewer: 3, operator: 4, admin: 5}
"""


@pytest.mark.parametrize(
    ("number", "log_format"),
    [(signal.SIGINT, "console"), (signal.SIGTERM, "json")],
)
def test_run_ends_at_once_and_the_service_goes_on(alone: Place, number: int, log_format: str) -> None:
    with begun("run", "-c", alone.file, "--log-format", log_format, cwd=alone.folder) as child:
        alone.until(alone.is_well)
        (pid,) = alone.pids()
        output = ended(child, number)
        assert child.returncode == 0
    assert alone.pids() == [pid]
    assert "watching" in output
    assert "the targets go on by themselves" in output
    assert "\x1b" not in output
    if log_format == "json":
        assert all("event" in json.loads(line) for line in output.splitlines())


def test_without_a_token_it_says_where_to_put_one(alone: Place) -> None:
    alone.file.write_text(alone.file.read_text() + DISCORD)
    done = opsbot("run", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2
    assert "OPSBOT_DISCORD_TOKEN" in sentence(done)
    assert alone.pids() == []


def test_a_wrong_key_is_named_with_its_line_and_the_nearest_right_one(alone: Place) -> None:
    alone.file.write_text(alone.file.read_text().replace("thresholds:", "tresholds:"))
    done = opsbot("run", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 78
    assert "opsbot.yml:" in done.stderr
    assert "thresholds" in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = opsbot("run", "-c", "nowhere.yml", cwd=tmp_path)
    assert done.returncode == 78
    assert "nowhere.yml" in sentence(done)


def test_an_unknown_log_format_is_told_the_known_ones(alone: Place) -> None:
    done = opsbot("run", "-c", alone.file, "--log-format", "xml", cwd=alone.folder)
    assert done.returncode == 2
    assert "console, json" in sentence(done)


def test_a_state_of_a_newer_opsbot_is_left_alone_and_said(alone: Place) -> None:
    state = alone.folder / "state"
    state.mkdir(mode=0o700)
    with sqlite3.connect(state / "state.db") as db:
        db.execute("PRAGMA user_version = 9999")
    db.close()
    done = opsbot("run", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2
    assert "newer" in sentence(done)
    assert alone.pids() == []


def test_a_state_directory_that_cannot_be_made_is_said(alone: Place) -> None:
    (alone.folder / "state").write_text("a file")
    done = opsbot("run", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2
    assert "state_dir" in sentence(done)


def test_a_missing_executable_is_said_in_the_log_where_nobody_else_is_told(alone: Place) -> None:
    file = alone.folder / "missing.yml"
    supervisor = "supervisor: {type: process, command: [nosuchprogram]}"
    file.write_text(f"targets: {{svc: {{{supervisor}, checks: {{process: {{type: process}}}}}}}}")
    with begun("run", "-c", file, cwd=alone.folder) as child:
        alone.until(lambda: "#1 P1 svc" in opsbot("incidents", "-c", file, cwd=alone.folder).stdout)
        output = ended(child, signal.SIGINT)
    assert "The target's executable nosuchprogram (looked for on PATH) does not exist" in output
    assert "bot_process_down: process not running" in output
