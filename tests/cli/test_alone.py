"""Commands without a running opsbot: they are opsbot for their moment, or look once."""

from __future__ import annotations

from opsbot.demo.faults import Fault, send_fault
from tests.cli.commands import Place, health, opsbot


def act(at: Place, *words: str) -> str:
    """A command that works; its output."""
    done = opsbot(*words, "-c", at.file, cwd=at.folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_a_restart_alone_starts_the_service_whose_health_is_an_exit_code_then(alone: Place) -> None:
    text = alone.file.read_text()
    alone.file.write_text(text.replace("type: http,", "type: http, services: {claude_api: warn},"))
    text = act(alone, "restart")
    (pid,) = alone.pids()
    assert text.startswith("– 1. Back up the log"), "nothing but the steps and the result"
    assert "✓ 5. Start it" in text
    assert f"pid {pid}, healthy" in text
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
