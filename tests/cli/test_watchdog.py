"""An event loop that stands still, in a real opsbot: said, ended, started anew; what systemd hears of it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opsbot.runtime.watchdog import EXIT_BLOCKED, NOTE
from tests.bound import BOUND
from tests.cli.commands import Place, environ
from tests.runtime.stands import GO_ON

NEVER = 3600.0


@contextmanager
def begun(at: Place, blocked: float, end: float, **env: str) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.stands", str(at.file), str(blocked), str(end)],
        cwd=at.folder,
        env=environ(**env),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def alerts(at: Place) -> list[dict[str, Any]]:
    """What the notifier `log` was told."""
    path = at.folder / "alerts.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def logging(alone: Place) -> Place:
    """With the notifier `log`."""
    text = alone.file.read_text()
    alone.file.write_text(f"{text}\nnotifications:\n  log: {{file_path: {alone.folder}/alerts.log}}\n")
    return alone


def test_a_loop_that_does_not_come_back_is_written_down_and_ended_and_the_service_lives_on(
    logging: Place,
) -> None:
    alone = logging
    with begun(alone, 1.0, 1.0) as child:
        alone.until(alone.is_well)
        (pid,) = alone.pids()
        child.send_signal(signal.SIGUSR1)
        _, said = child.communicate(timeout=BOUND)
    assert child.returncode == EXIT_BLOCKED
    assert "stand_still_for_good" in said
    assert said.count("the event loop has stood still for 1 s") == 1
    assert "opsbot ends, to be started anew" in said
    assert alone.pids() == [pid]
    with alone.running(well=False):
        alone.until(lambda: alerts(alone))
        assert alone.pids() == [pid]
    (told,) = alerts(alone)
    assert told["incident"]["target"] == "opsbot"
    assert "stood still for 2 s and ended itself" in told["incident"]["title"]
    assert not (alone.folder / "state" / NOTE).exists()


def test_a_loop_that_comes_back_is_an_incident_of_opsbots_own(logging: Place) -> None:
    with begun(logging, 1.0, NEVER) as child:
        logging.until(logging.is_well)
        child.send_signal(signal.SIGUSR2)
        assert child.stderr is not None
        for line in child.stderr:
            if "stand_still_a_while" in line:
                break
        (logging.folder / GO_ON).touch()
        logging.until(lambda: any(a["incident"]["target"] == "opsbot" for a in alerts(logging)))
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=BOUND)
    (told,) = [a for a in alerts(logging) if a["incident"]["target"] == "opsbot"]
    assert "opsbot stood still for" in told["incident"]["title"]
    assert child.returncode == 0


class Manager:
    """The socket of a service manager."""

    def __init__(self, path: Path) -> None:
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.link.bind(str(path))
        self.link.settimeout(BOUND)

    def hears(self, word: str) -> None:
        while self.link.recv(100).decode() != word:
            pass

    def heard(self) -> list[str]:
        """What waits."""
        self.link.setblocking(False)
        found = []
        try:
            while True:
                found.append(self.link.recv(100).decode())
        except BlockingIOError:
            self.link.settimeout(BOUND)
            return found


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.link.close()


def test_systemd_hears_that_opsbot_is_ready_lives_and_ends(alone: Place, manager: Manager) -> None:
    known = {"NOTIFY_SOCKET": manager.link.getsockname(), "WATCHDOG_USEC": "900000"}
    with begun(alone, NEVER, NEVER, **known) as child:
        manager.hears("READY=1")
        for _ in range(3):
            manager.hears("WATCHDOG=1")
        alone.until(alone.is_well)
        (pid,) = alone.pids()
        assert b"NOTIFY_SOCKET" not in Path(f"/proc/{pid}/environ").read_bytes()
        child.send_signal(signal.SIGTERM)
        manager.hears("STOPPING=1")
        child.communicate(timeout=BOUND)
    assert child.returncode == 0


def test_a_loop_that_stands_still_feeds_no_watchdog(alone: Place, manager: Manager) -> None:
    known = {"NOTIFY_SOCKET": manager.link.getsockname(), "WATCHDOG_USEC": "900000"}
    with begun(alone, 1.0, 1.0, **known) as child:
        manager.hears("READY=1")
        alone.until(alone.is_well)
        child.send_signal(signal.SIGUSR1)
        assert child.stderr is not None
        for line in child.stderr:
            if "stand_still_for_good" in line:
                break
        manager.heard()
        child.communicate(timeout=BOUND)
    assert child.returncode == EXIT_BLOCKED
    assert manager.heard() == []
