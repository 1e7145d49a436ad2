"""`opsbot reload` and SIGHUP: the configuration read anew by a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.bound import BOUND
from tests.cli.commands import Place, argv, begun, ended, environ, opsbot, sentence


def rewrite(at: Place, old: str, new: str) -> None:
    """As an editor does it: a new file in the old one's place."""
    text = at.file.read_text()
    assert old in text
    fresh = at.file.with_suffix(".tmp")
    fresh.write_text(text.replace(old, new))
    fresh.replace(at.file)


def manual(at: Place) -> None:
    rewrite(at, 'version: "1.0"\n', 'version: "1.0"\nreload: manual\n')


def test_the_command_says_what_changes_and_then_what_changed(alone: Place) -> None:
    manual(alone)
    with alone.running():
        (pid,) = alone.pids()
        rewrite(alone, "title: Summary Bot NG", "title: The Shop")
        dry = opsbot("reload", "--dry-run", "-c", alone.file, cwd=alone.folder)
        assert (dry.returncode, dry.stderr) == (0, "")
        assert dry.stdout.startswith("This would change:\n• target summarybot: title:")
        done = opsbot("reload", "-c", alone.file, cwd=alone.folder)
        assert done.returncode == 0
        assert done.stdout.startswith("The configuration is in effect:\n• target summarybot: title:")
        again = opsbot("reload", "-c", alone.file, cwd=alone.folder)
        assert (again.returncode, "nothing is changed" in again.stdout) == (0, True)
        rewrite(alone, "thresholds:", "tresholds:")
        wrong = opsbot("reload", "-c", alone.file, cwd=alone.folder)
        assert wrong.returncode == 78
        assert "opsbot.yml:" in wrong.stdout
        assert "did you mean `thresholds`?" in wrong.stdout
        assert alone.pids() == [pid]
        rewrite(alone, "tresholds:", "thresholds:")


def test_without_a_running_opsbot_it_says_so(alone: Place) -> None:
    done = opsbot("reload", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2
    assert "check-config" in sentence(done)
    assert alone.pids() == []


def test_a_hangup_signal_reads_the_configuration_anew(alone: Place) -> None:
    manual(alone)
    with begun("run", "-c", alone.file, cwd=alone.folder) as child:
        alone.until(alone.is_well)
        (pid,) = alone.pids()
        rewrite(alone, "title: Summary Bot NG", "title: The Shop")
        child.send_signal(signal.SIGHUP)
        assert child.stdout is not None
        while "read anew" not in (line := child.stdout.readline()):
            assert line, "it ended"
        assert "The Shop" in line
        ended(child, signal.SIGTERM)
        assert child.returncode == 0
    assert alone.pids() == [pid]


def test_a_terminal_that_is_closed_ends_it(alone: Place) -> None:
    mine, its = os.openpty()
    log = alone.folder / "opsbot.log"
    login = f"exec 0<{os.ttyname(its)} && exec {' '.join(argv('run', '-c', alone.file))} >{log} 2>&1"
    child = subprocess.Popen(
        ["setsid", "--ctty", "sh", "-c", login], cwd=alone.folder, env=environ(), stdin=its
    )
    try:
        os.close(its)
        alone.until(alone.is_well)
        os.close(mine)
        assert child.wait(BOUND) == 0
    finally:
        child.kill()
        child.wait()
    assert "stopped; the targets go on by themselves" in log.read_text()


def test_a_deploy_that_swaps_a_link_is_noticed_by_itself(alone: Place, tmp_path: Path) -> None:
    real = tmp_path / "release-1.yml"
    alone.file.rename(real)
    alone.file.symlink_to(real)
    with begun("run", "-c", alone.file, cwd=alone.folder) as child:
        alone.until(alone.is_well)
        other = tmp_path / "release-2.yml"
        other.write_text(real.read_text().replace("title: Summary Bot NG", "title: The Shop"))
        swap = tmp_path / "swap"
        swap.symlink_to(other)
        swap.replace(alone.file)
        assert child.stdout is not None
        ends = time.monotonic() + BOUND
        while "read anew" not in (line := child.stdout.readline()):
            assert line, "it ended"
            assert time.monotonic() < ends
        ended(child, signal.SIGTERM)
