"""`opsbot monitor` and `opsbot metrics`: the guide's performance monitor, and the recipes for its file."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.bound import BOUND
from tests.cli.commands import Place, argv, begun, ended, environ, opsbot, sentence
from tests.cli.recipes import assert_recipes_work, files, lines_of


def written(folder: Path) -> list[str]:
    """The lines so far."""
    found = files(folder / "metrics")
    return lines_of(folder / "metrics") if found and found[0].read_text() else []


def test_beside_a_running_opsbot_it_records_what_the_guides_recipes_read(beside: Place) -> None:
    done = opsbot("monitor", "--duration", "3", "--interval", "1", "-c", beside.file, cwd=beside.folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^CPU: avg=\d+\.\d\d%, min=\d+\.\d\d%, max=\d+\.\d\d%$", done.stdout, re.MULTILINE)
    assert re.search(r"^Memory: avg=.*%$", done.stdout, re.MULTILINE)
    assert re.search(r"^RSS: avg=\d+MB$", done.stdout, re.MULTILINE)
    rows = lines_of(beside.folder / "metrics")
    assert len(rows) == 3
    assert {int(row.split(",")[1]) for row in rows} == set(beside.pids())
    assert_recipes_work(beside.folder)


def test_the_history_is_exported_for_the_same_recipes(beside: Place, tmp_path: Path) -> None:
    command = ("metrics", "--window", "1h", "--csv", "-c", beside.file)
    beside.until(lambda: opsbot(*command, cwd=tmp_path, METRICS_DIR=str(tmp_path / "first")).returncode == 0)
    done = opsbot(*command, cwd=tmp_path, METRICS_DIR="metrics")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == Path("metrics") / files(tmp_path / "metrics")[0].name
    rows = lines_of(tmp_path / "metrics")
    assert {int(row.split(",")[1]) for row in rows} == set(beside.pids())
    assert_recipes_work(tmp_path)


def test_the_statistics_of_the_history_are_told(beside: Place) -> None:
    done = opsbot("metrics", "-c", beside.file, cwd=beside.folder)
    assert done.returncode == 0
    assert re.search(r"^CPU: now=.*, avg=.*, min=.*, max=", done.stdout, re.MULTILINE)
    assert re.search(r"^Process up: now=yes, [\d.]+% of the time", done.stdout, re.MULTILINE)
    assert "Errors in log: " in done.stdout
    wrong = opsbot("metrics", "--metric", "cpu_percnt", "-c", beside.file, cwd=beside.folder)
    assert wrong.returncode == 2
    assert "did you mean cpu_percent" in sentence(wrong)


def test_alone_it_looks_by_itself_with_the_guides_variables(beside: Place, tmp_path: Path) -> None:
    log = tmp_path / "other.log"
    log.write_text("")
    done = opsbot(
        "monitor", "-c", beside.file, cwd=tmp_path,
        DURATION="2", INTERVAL="1", METRICS_DIR="data/metrics", LOG_FILE=str(log),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = lines_of(tmp_path / "data" / "metrics")
    assert len(rows) == 2
    assert {int(row.split(",")[1]) for row in rows} == set(beside.pids())


def test_errors_are_counted_from_the_first_sample_on(beside: Place, tmp_path: Path) -> None:
    log = tmp_path / "other.log"
    log.write_text("2026-01-05 15:00:00 - src.main - ERROR - before\n")
    command = ("monitor", "--duration", "60", "--interval", "1", "--log-file", log, "-c", beside.file)
    with begun(*command, cwd=tmp_path, METRICS_DIR="metrics") as child:
        beside.until(lambda: written(tmp_path))
        with log.open("a") as out:
            out.write("2026-01-05 15:00:01 - src.main - ERROR - after\n" * 2)
            out.write("2026-01-05 15:00:01 - src.main - WARNING - after\n")
        beside.until(lambda: lines_of(tmp_path / "metrics")[-1].endswith(",2,1"))
        output = ended(child, signal.SIGINT)
    assert lines_of(tmp_path / "metrics")[0].endswith(",0,0")
    assert "Summary Statistics:" in output
    assert child.returncode == 0


def test_ctrl_c_keeps_what_was_collected_and_prints_the_statistics(beside: Place, tmp_path: Path) -> None:
    with begun("monitor", "--interval", "1", "-c", beside.file, cwd=tmp_path, METRICS_DIR="metrics") as child:
        beside.until(lambda: len(written(tmp_path)) >= 2)
        output = ended(child, signal.SIGINT)
    count = len(lines_of(tmp_path / "metrics"))
    assert f"{count:,} of 3,600 samples" in output
    assert "CPU: avg=" in output


def test_a_kill_leaves_the_lines_that_were_written(beside: Place, tmp_path: Path) -> None:
    with begun("monitor", "--interval", "1", "-c", beside.file, cwd=tmp_path, METRICS_DIR="metrics") as child:
        beside.until(lambda: written(tmp_path))
        child.kill()
        child.wait()
    assert lines_of(tmp_path / "metrics")


def test_without_a_process_there_is_nothing_and_it_says_so(alone: Place) -> None:
    done = opsbot("monitor", "--duration", "1", "--interval", "1", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 1
    assert "the process did not run" in done.stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--interval", "0"), "at least 1 second"),
        (("--duration", "604800", "--interval", "1"), "at most 20,000"),
        (("nosuch",), "there is no target `nosuch`"),
        (("--metrics-dir", "/proc/nowhere"), "--metrics-dir"),
    ],
)
def test_a_mistake_is_one_sentence(alone: Place, words: tuple[str, ...], why: str) -> None:
    done = opsbot("monitor", *words, "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2
    assert why in sentence(done)
    assert not (alone.folder / "metrics").exists()


def test_the_history_needs_an_opsbot_that_runs(alone: Place) -> None:
    done = opsbot("metrics", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2
    assert "no opsbot runs on" in sentence(done)


def test_a_terminal_shows_a_bar(beside: Place, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    command = argv("monitor", "--duration", "2", "--interval", "1", "-c", beside.file)
    child = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environ(TERM="xterm", METRICS_DIR="metrics"),
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    shown = _read_all(leader)
    assert child.wait(BOUND) == 0
    assert "2/2" in shown
    assert "━" in shown


def _read_all(leader: int) -> str:
    text, until = b"", time.monotonic() + BOUND
    while time.monotonic() < until:
        try:
            part = os.read(leader, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not part:
            break
        text += part
    os.close(leader)
    return text.decode(errors="replace")


def test_a_target_that_cannot_be_measured_is_said_before_any_file_is_made(tmp_path: Path) -> None:
    (tmp_path / "opsbot.yml").write_text("targets: {bot: {checks: {port: {port: 1}}}}\n")
    done = opsbot("monitor", "-c", "opsbot.yml", "--duration", "2", "--interval", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert sentence(done).startswith("opsbot: there is nothing to monitor of bot")
    assert not (tmp_path / "metrics").exists()
