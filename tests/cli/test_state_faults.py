"""The state directory of a real opsbot fails: locked, full, read-only, destroyed, written by a newer one."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bound import BOUND
from tests.cli.commands import Place, argv, environ, opsbot


@pytest.fixture
def logging(alone: Place) -> Place:
    """With the notifier `log`, outside the state directory."""
    text = alone.file.read_text()
    alone.file.write_text(f"{text}\nnotifications:\n  log: {{file_path: {alone.folder}/alerts.log}}\n")
    return alone


def told(at: Place) -> list[tuple[str, str]]:
    """Kind and title of opsbot's own incidents, as the notifier was told."""
    path = at.folder / "alerts.log"
    found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [(f["kind"], f["incident"]["title"]) for f in found if f["incident"]["target"] == "opsbot"]


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.stat().st_size
    }


def crash(at: Place) -> int:
    """The service dies; returns its pid."""
    (pid,) = at.pids()
    os.kill(pid, signal.SIGKILL)
    return pid


def repaired(at: Place, dead: int) -> Callable[[], bool]:
    return lambda: bool(at.pids()) and dead not in at.pids() and at.is_well()


def test_a_state_that_a_newer_opsbot_wrote_is_not_touched(alone: Place) -> None:
    with alone.running():
        pass
    database = alone.folder / "state" / "state.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = files_in(alone.folder / "state")
    done = opsbot("run", "-c", alone.file, cwd=alone.folder)
    assert done.returncode == 2, "systemd would start it again and again"
    assert "was written by a newer opsbot (schema 99" in sentence_at_the_end(done.stderr)
    after = files_in(alone.folder / "state")
    assert {n: after.get(n) for n in ("state.db", "metrics.db", "journal.jsonl")} == {
        n: before.get(n) for n in ("state.db", "metrics.db", "journal.jsonl")
    }
    assert list((alone.folder / "state").glob("*.corrupt*")) == []


def sentence_at_the_end(said: str) -> str:
    return said.strip().splitlines()[-1]


def test_a_backup_that_holds_the_state_costs_nothing(logging: Place) -> None:
    with logging.running():
        other = sqlite3.connect(logging.folder / "state" / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        logging.until(repaired(logging, crash(logging)))
        logging.until(lambda: any("locked by another process" in title for _, title in told(logging)))
        other.execute("ROLLBACK")
        other.close()
        logging.until(lambda: "resolved" in [kind for kind, _ in told(logging)])


@pytest.mark.parametrize("content", [b"", b"no database\n" * 999], ids=["empty", "garbage"])
def test_a_state_that_is_overwritten_meanwhile_is_kept_and_told(logging: Place, content: bytes) -> None:
    database = logging.folder / "state" / "state.db"
    with logging.running():
        database.unlink()
        database.write_bytes(content)
        logging.until(repaired(logging, crash(logging)))
        logging.until(lambda: any("is kept as state.db.corrupt-" in title for _, title in told(logging)))
    (kept,) = [p for p in database.parent.glob("state.db.corrupt-*") if p.name.endswith("Z")]
    assert kept.read_bytes() == content
    with logging.running():
        assert len(list(database.parent.glob("state.db.corrupt-*Z"))) == 1


def test_a_history_that_was_destroyed_is_kept_and_told(logging: Place) -> None:
    with logging.running():
        pass
    database = logging.folder / "state" / "metrics.db"
    database.write_bytes(os.urandom(20_000))
    with logging.running():
        logging.until(lambda: any("kept as metrics.db.corrupt-" in title for _, title in told(logging)))


def test_a_state_that_was_destroyed_before_the_start_is_kept_and_told(logging: Place) -> None:
    with logging.running():
        pass
    database = logging.folder / "state" / "state.db"
    database.write_bytes(os.urandom(20_000))
    with logging.running():
        logging.until(lambda: any("is kept as state.db.corrupt-" in title for _, title in told(logging)))


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system of 4 MB that the state directory of a running opsbot is."""

    pid: int
    path: Path

    def fill(self) -> None:
        with suppress(OSError), (self._seen / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)

    def make_room(self) -> None:
        (self._seen / "filler").unlink()

    @property
    def _seen(self) -> Path:
        return Path(f"/proc/{self.pid}/root{self.path}")


def namespace(state: Path, then: str = "true") -> list[str]:
    """What to put before a command, so that `state` is a file system of its own for it."""
    script = f'mount -t tmpfs -o size=4m,mode=0700 tmpfs "{state}" && {then} && exec "$@"'
    before = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*before, "true"], capture_output=True).returncode:
        assert os.environ.get("OPSBOT_TEST_REQUIRE_ALL") != "1"
        pytest.skip("this machine allows no file systems of one's own (unshare)")
    return before


@contextmanager
def on_a_small_disk(at: Place) -> Iterator[Disk]:
    """`opsbot run` in a mount namespace of its own."""
    state = at.folder / "state"
    state.mkdir(mode=0o700)
    command = [*namespace(state), *argv("run", "-c", at.file)]
    child = subprocess.Popen(command, cwd=at.folder, env=environ(), stderr=subprocess.DEVNULL)
    try:
        at.until(at.pids)
        yield Disk(child.pid, state)
        child.send_signal(signal.SIGTERM)
        assert child.wait(BOUND) == 0
    finally:
        child.kill()
        child.wait()


def test_on_a_full_disk_it_repairs_and_tells_and_writes_when_there_is_room(logging: Place) -> None:
    with on_a_small_disk(logging) as disk:
        disk.fill()
        dead = crash(logging)
        logging.until(lambda: bool(logging.pids()) and dead not in logging.pids())
        logging.until(lambda: any("the disk is full" in title for _, title in told(logging)))
        disk.make_room()
        logging.until(lambda: "resolved" in [kind for kind, _ in told(logging)])


def test_on_a_read_only_disk_it_does_not_start_and_says_why(alone: Place) -> None:
    state = alone.folder / "state"
    state.mkdir(mode=0o700)
    before = namespace(state, f'mount -o remount,ro "{state}"')
    done = subprocess.run(
        [*before, *argv("run", "-c", alone.file)],
        cwd=alone.folder,
        env=environ(),
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Read-only file system" in sentence_at_the_end(done.stderr)
    assert alone.pids() == []
