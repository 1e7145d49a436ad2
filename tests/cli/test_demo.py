"""`opsbot demo` in a terminal."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

from tests.cli.commands import begun, ended, opsbot, sentence
from tests.e2e.processes import belonging

QUICK_SERVICE = ("--restart-seconds", "1")


def left(folder: Path) -> list[str]:
    """Processes and files that a demo with this folder for temporary files left behind."""
    return belonging(folder, children=False) + [str(path) for path in folder.iterdir()]


def test_a_crash_is_told_restarted_and_resolved_and_nothing_is_left(tmp_path: Path) -> None:
    words = ("demo", "--no-page", "--for", "8", "--scenario", "crash", *QUICK_SERVICE)
    done = opsbot(*words, cwd=tmp_path, TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    story = (
        r"crash: .*\n",
        r"@Operator 🔴 P1 · summarybot · The process is not running\.",
        r"exited with code 1",
        r"Restarting it",
        r"Restarted in .* s, pid \d+, healthy",
        r"🟢 Resolved: summarybot",
    )
    assert re.search(".*".join(story), done.stdout, re.DOTALL), done.stdout
    assert "\x1b" not in done.stdout
    assert left(tmp_path) == []


def test_ctrl_c_ends_the_demo_at_once_and_nothing_is_left(tmp_path: Path) -> None:
    with begun("demo", "--no-page", cwd=tmp_path, TMPDIR=str(tmp_path)) as child:
        assert child.stdout is not None
        assert "opsbot is online" in child.stdout.readline()
        output = ended(child, signal.SIGINT)
        assert child.returncode == 0
    assert "nothing is left running" in output
    assert left(tmp_path) == []


def test_an_unknown_scenario_is_told_the_known_ones(tmp_path: Path) -> None:
    done = opsbot("demo", "--scenario", "meteor", cwd=tmp_path)
    assert done.returncode == 2
    assert "crash, kill" in sentence(done)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = opsbot("demo", "--for", "5", "--port", port, cwd=tmp_path, TMPDIR=str(tmp_path))
    assert done.returncode == 2
    assert f"port {port} is taken" in sentence(done)
    assert left(tmp_path) == []
