"""Silences, maintenance, deploys and a dry run as people type them, alone and beside a running opsbot."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsbot.control.client import running
from opsbot.runtime.notes import DRY_RUN
from tests.bound import BOUND
from tests.cli.commands import Result, begun, ended, opsbot, sentence
from tests.nursery import Child

FILE = """
state_dir: {folder}/state
targets: {{bot: {{checks: {{health: {{type: disk, path: /}}}}}}}}
maintenance:
  - {{name: backup, from: 2030-01-05 03:00, until: 2030-01-05 04:00, reason: tapes}}
notifications:
  log: {{file_path: {folder}/alerts.log}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "opsbot.yml").write_text(FILE.format(folder=tmp_path))
    return tmp_path


def asked(folder: Path, *words: str) -> Result:
    return opsbot(*words, "-c", folder / "opsbot.yml", cwd=folder)


def said(folder: Path, *words: str) -> str:
    """What a command that works prints."""
    done = asked(folder, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@contextmanager
def at_work(folder: Path, *words: str) -> Iterator[Child]:
    """`opsbot run`, as soon as it listens."""
    with begun("run", *words, "-c", folder / "opsbot.yml", cwd=folder) as child:
        ends = time.monotonic() + BOUND
        while (link := running(folder / "state")) is None:
            assert time.monotonic() < ends
            time.sleep(0.02)
        link.close()
        yield child


def test_a_silence_begun_alone_lasts_until_it_is_ended(folder: Path) -> None:
    text = said(folder, "silence", "add", "2h", "known", "since", "noon", "--target", "b*", "-r", "disk_full")
    assert text.startswith("#1 b*, rule disk_full: until ")
    assert text.endswith(": known since noon\n")
    assert said(folder, "silence", "list") == text
    assert said(folder, "incidents", "muted") == "Nothing that fires is muted.\n"
    assert json.loads(said(folder, "silence", "list", "--json"))[0]["rules"] == ["disk_full"]
    assert said(folder, "silence", "end", "1") == f"Ended: {text}"
    assert said(folder, "silence", "list") == "Nothing is silenced.\n"
    done = asked(folder, "silence", "end", "1")
    assert done.returncode == 2
    assert "no silence 1" in sentence(done)


def test_maintenance_is_shown_with_what_is_planned(folder: Path) -> None:
    assert said(folder, "maintenance", "start", "30m", "new", "disk").startswith(
        "#1 maintenance of all targets"
    )
    first, second = said(folder, "maintenance", "list").splitlines()
    assert first.endswith(": new disk")
    assert second.startswith("“backup” of all targets")
    assert "begins 2030-01-0" in second
    assert said(folder, "maintenance", "end", "1").startswith("Ended: #1 maintenance")
    assert len(json.loads(said(folder, "maintenance", "list", "--json"))["windows"]) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("silence", "add", "soon"), "`DURATION` is a time from 1 min to 30 d"),
        (("silence", "add", "2h", "-t", "bto"), "No target fits `bto`: known are bot."),
        (("silence", "add", "2h", "-p", "urgent"), "`--priority` is P1, P2, P3 or P4"),
        (("maintenance", "start", "2h", " "), "Maintenance needs a reason"),
        (("maintenance", "end", "7"), "There is no silence 7 in force."),
        (("incidents", "acknowledge", "7", "I", "look"), "There is no incident #7"),
        (("incidents", "note", "7", "the", "disk"), "There is no incident #7"),
        (("incidents", "assign", "7"), "There is no incident #7"),
        (("incidents", "resolve", "7"), "There is no incident #7"),
    ],
)
def test_a_mistake_is_one_sentence(folder: Path, words: tuple[str, ...], expected: str) -> None:
    done = asked(folder, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in sentence(done)


def test_a_deploy_needs_a_running_opsbot_unless_it_need_not(folder: Path) -> None:
    done = asked(folder, "deploy", "bot", "v2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no opsbot runs on" in sentence(done)
    text = said(folder, "deploy", "bot", "v2", "--if-running")
    assert text.startswith("No opsbot runs on ")
    with at_work(folder) as child:
        text = said(folder, "deploy", "bot", "v2", "--minutes", "5", "--if-running")
        assert text == "Deploy of v2 to bot is noted: automation leaves it alone for 5 min.\n"
        assert "deploy of v2" in asked(folder, "health", "bot").stdout
        done = asked(folder, "deploy", "bto", "v2", "--if-running")
        assert (done.returncode, sentence(done)) == (2, "opsbot: There is no target `bto`.")
        ended(child, signal.SIGTERM)


def test_a_dry_run_says_that_it_is_one_also_after_the_file_was_read_anew(folder: Path) -> None:
    with at_work(folder, "--dry-run") as child:
        assert DRY_RUN in asked(folder, "health", "bot").stdout
        file = folder / "opsbot.yml"
        file.write_text(file.read_text().replace("reason: tapes", "reason: disks"))
        said(folder, "reload")
        assert DRY_RUN in asked(folder, "health", "bot").stdout
        assert ": disks" in said(folder, "maintenance", "list")
        assert DRY_RUN in ended(child, signal.SIGTERM)
    with at_work(folder) as child:
        assert DRY_RUN not in asked(folder, "health", "bot").stdout
        assert DRY_RUN not in ended(child, signal.SIGTERM)
