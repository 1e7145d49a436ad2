"""`opsbot health` without an opsbot that answers: one look, and exit codes for cron, Nagios and Docker."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.bound import BOUND
from tests.cli.commands import Place, begun, health, opsbot, sentence

NOTE = "opsbot is not running"


def test_without_a_running_opsbot_it_looks_once(alone: Place) -> None:
    code, text = health(alone)
    assert code == 2
    assert "✗ Process" in text
    assert "opsbot is not running" in text


def test_an_unknown_target_is_unknown_and_not_critical(alone: Place) -> None:
    done = opsbot("health", "nosuch", "--json", "-c", alone.file, cwd=alone.folder)
    assert (done.returncode, done.stdout) == (3, "")
    assert "nosuch" in sentence(done)


def test_a_broken_configuration_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "opsbot.yml").write_text("targets: [")
    done = opsbot("health", cwd=tmp_path)
    assert done.returncode == 3
    assert "opsbot.yml" in done.stderr


def test_an_opsbot_that_is_killed_while_it_is_asked_is_one_sentence(alone: Place) -> None:
    with begun("run", "-c", alone.file, cwd=alone.folder) as child:
        alone.until(alone.is_well)
        os.kill(child.pid, signal.SIGSTOP)
        with begun("health", "-c", alone.file, cwd=alone.folder) as asking:
            alone.until(lambda: waits_for_answer(asking.pid))
            child.kill()
            output, _ = asking.communicate(timeout=BOUND)
        assert asking.returncode == 3
        assert "ended in the middle of its answer" in output


def waits_for_answer(pid: int) -> bool:
    """Whether a process sleeps with a connection open: it has asked."""
    try:
        links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state == "S" and any(link.startswith("socket:") for link in links)
