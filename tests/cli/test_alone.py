"""Commands without a running opsbot: they are opsbot for their moment, or look once."""

from __future__ import annotations

import gzip
import signal

from opsbot.demo.faults import Fault, send_fault
from tests.cli.commands import Place, begun, ended, health, opsbot


def act(at: Place, *words: str) -> str:
    """A command that works; its output."""
    done = opsbot(*words, "-c", at.file, cwd=at.folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_a_restart_alone_starts_the_service_whose_health_is_an_exit_code_then(alone: Place) -> None:
    text = alone.file.read_text()
    alone.file.write_text(text.replace("type: http,", "type: http, services: {claude_api: warn},"))
    text = act(alone, "restart")
    (pid,) = alone.pids()
    assert text.startswith("✓ 1. Back up the log"), "nothing but the steps and the result"
    assert "✓ 5. Start it" in text
    assert f"pid {pid}, healthy" in text
    alone.until(lambda: "HTTP Request: POST" in alone.log.read_text())  # the call that is looked at
    code, text = health(alone)
    assert code == 0, text
    send_fault(alone.port, Fault.DEGRADED.value)
    code, text = health(alone)
    assert code == 1, text
    assert "⚠" in text


def test_one_look_knows_the_process_whose_connections_it_counts(alone: Place) -> None:
    text = alone.file.read_text()
    alone.file.write_text(
        text.replace("      log: {", "      sockets: {type: sockets, remote_port: 9}\n      log: {")
    )
    act(alone, "restart")
    _, text = health(alone)
    assert "Gateway Sockets: UNKNOWN (no connection to port 9 seen yet)" in text


def test_a_pause_alone_lasts_beyond_the_command(alone: Place) -> None:
    act(alone, "pause", "--minutes", "5", "--reason", "deploy")
    assert act(alone, "resume") == "Automation of summarybot is on.\n"
    assert act(alone, "resume") == "summarybot was not paused.\n"
    assert alone.pids() == []


def test_what_was_stopped_stays_stopped_until_it_is_started(alone: Place) -> None:
    act(alone, "start")
    (pid,) = alone.pids()
    assert "Done: summarybot stopped in" in act(alone, "stop", "--reason", "maintenance")
    assert alone.pids() == []
    with begun("run", "-c", alone.file, cwd=alone.folder) as child:
        alone.until(lambda: "Stopped by" in health(alone)[1])
        assert alone.pids() == []
        ended(child, signal.SIGTERM)
    assert alone.pids() == []
    assert "Done: summarybot started in" in act(alone, "start")
    assert alone.pids() not in ([], [pid])


def test_a_rotation_alone_archives_the_log_and_the_service_writes_on(alone: Place) -> None:
    act(alone, "start")
    with alone.log.open("a") as log:  # its own lines alone are too few to be cut off
        log.write("2026-01-05 15:00:00,000 - root - INFO - filling\n" * 1000)
    before = alone.log.read_text()
    text = act(alone, "rotate", "--reason", "too much to read")
    assert "✓ 1. Set the log aside" in text
    assert "archived as summarybot_" in text
    (archive,) = alone.archives()
    archived = gzip.decompress(archive.read_bytes()).decode()
    assert len(archived) > len(before) / 2
    assert (archived + alone.log.read_text()).startswith(before)
    (pid,) = alone.pids()
    act(alone, "restart")
    assert "Starting Summary Bot NG" in alone.log.read_text()
    assert alone.pids() != [pid]


def test_a_small_log_is_left_alone_as_by_the_guides_script(alone: Place) -> None:
    act(alone, "start")
    done = opsbot("rotate", "-c", alone.file, cwd=alone.folder, MAX_SIZE_MB="100", KEEP_FILES="10")
    assert done.returncode == 0, done.stderr
    assert "the log stays as it is" in done.stdout
    assert alone.archives() == []


def test_nothing_looks_like_a_service_that_runs(alone: Place) -> None:
    act(alone, "start")
    assert act(alone, "adopt") == "Nothing else looks like summarybot.\n"
    done = opsbot("adopt", "--pid", "1", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2
    assert "pid 1 is no process that looks like summarybot" in done.stderr
