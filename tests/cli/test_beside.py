"""Commands beside a running opsbot: it answers them, over its socket."""

from __future__ import annotations

import json
import signal

from tests.cli.commands import Place, begun, ended, health, opsbot, sentence

SECTIONS = ("1. Discord Bot Process", "2. Webhook API", "Log Management", "Network Ports", "External APIs")
NOTE = "opsbot is not running"


def test_the_running_opsbot_answers_with_the_guides_layout(beside: Place) -> None:
    code, text = health(beside)
    assert code == 0, text
    assert all(section in text for section in SECTIONS), text
    assert "✓ Process: OK" in text
    assert NOTE not in text
    assert "\x1b" not in text


def test_json_is_for_programs(beside: Place) -> None:
    code, text = health(beside, "--json", "summarybot")
    (report,) = json.loads(text)
    assert (code, report["outcome"], report["target"]) == (0, "ok", "summarybot")


def test_watch_ends_with_ctrl_c(beside: Place) -> None:
    with begun("health", "--watch", "0.2", "-c", beside.file, cwd=beside.folder) as child:
        assert child.stdout is not None
        seen = 0
        while seen < 2:
            seen += "Health Check Complete" in child.stdout.readline()
        ended(child, signal.SIGINT)
        assert child.returncode == 130


def test_an_encoding_without_marks_is_no_failure(beside: Place) -> None:
    code, text = health(beside, PYTHONIOENCODING="ascii")
    assert code == 0
    assert "? Process: OK" in text


def test_an_unknown_target_is_unknown_and_not_critical(beside: Place) -> None:
    done = opsbot("health", "nosuch", "-c", beside.file, cwd=beside.folder)
    assert (done.returncode, done.stdout) == (3, "")
    assert "nosuch" in sentence(done)


def test_a_pause_is_shown_until_it_is_ended(beside: Place) -> None:
    paused = opsbot("pause", "--minutes", "5", "--reason", "deploy", "-c", beside.file, cwd=beside.folder)
    assert (paused.returncode, paused.stderr) == (0, "")
    assert "Automation of summarybot is paused for 5 min." in paused.stdout
    assert "deploy" in health(beside)[1]
    resumed = opsbot("resume", "summarybot", "-c", beside.file, cwd=beside.folder)
    assert (resumed.returncode, resumed.stdout) == (0, "Automation of summarybot is on.\n")
    assert "deploy" not in health(beside)[1]


def test_a_restart_shows_its_six_steps_and_restarts_once(beside: Place) -> None:
    (old,) = beside.pids()
    starts = beside.log.read_text().count("Starting Summary Bot NG")
    done = opsbot("restart", "--reason", "new version", "-c", beside.file, cwd=beside.folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines[:6]] == ["1.", "2.", "3.", "4.", "5.", "6."]
    assert lines[6].startswith("Done: summarybot restarted in")
    (new,) = beside.pids()
    assert f"pid {new}" in lines[6]
    assert new != old
    assert beside.log.read_text().count("Starting Summary Bot NG") == starts + 1
    beside.until(beside.is_well)


def test_there_are_no_incidents(beside: Place) -> None:
    done = opsbot("incidents", "-c", beside.file, cwd=beside.folder)
    assert (done.returncode, done.stdout) == (0, "No open incidents.\n")


def test_a_target_that_does_not_exist_is_told_the_known_one(beside: Place) -> None:
    for command in ("restart", "pause", "resume"):
        done = opsbot(command, "sumarybot", "-c", beside.file, cwd=beside.folder)
        assert done.returncode == 2
        assert "`summarybot`" in sentence(done)
    assert len(beside.pids()) == 1


def test_a_second_opsbot_names_the_first_and_changes_nothing(beside: Place) -> None:
    pid = (beside.folder / "state" / "opsbot.lock").read_text().strip()
    second = opsbot("run", "-c", beside.file, cwd=beside.folder)
    assert second.returncode == 75
    assert f"pid {pid}" in sentence(second)
    assert beside.is_well()
    assert len(beside.pids()) == 1
