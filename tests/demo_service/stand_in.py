"""A running stand-in service, as from tests.bound import BOUND
a test sees it: its process, its log file, its port."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from opsbot.demo.faults import send_fault
from tests.bound import BOUND

POLL_SECONDS = 0.01
LISTENING = re.compile(r"Webhook API listening on [\d.]+:(\d+)")


class Answer(NamedTuple):
    """A status and a decoded JSON body."""

    status: int
    body: Any


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for `holds()`, or fail with `what` after the bound."""
    deadline = time.monotonic() + BOUND
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {BOUND:g} s: {what}")
        time.sleep(POLL_SECONDS)


def command(*args: str) -> list[str]:
    """The argv that starts a stand-in."""
    return [sys.executable, "-m", "opsbot.demo.service", *args]


class StandIn:
    """A child process. The port is the one that the system chose, read from its log."""

    def __init__(self, log: Path, *args: str) -> None:
        self.log = log
        argv = command("--port", "0", "--log", str(log), *args)
        self.process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        self.ps = psutil.Process(self.process.pid)

    @property
    def port(self) -> int:
        """Waits until it listens."""
        return int(self.wait_for(LISTENING.pattern)[1])

    def text(self) -> str:
        """The whole log so far."""
        return self.log.read_text("utf-8") if self.log.exists() else ""

    def wait_for(self, pattern: str, after: int = 0) -> re.Match[str]:
        """Wait for a log line that matches, beyond the first `after` characters."""
        found: list[re.Match[str]] = []

        def look() -> bool:
            match = re.search(pattern, self.text()[after:])
            if match:
                found.append(match)
            return bool(found)

        until(look, f"a log line {pattern!r} in:\n{self.text()}")
        return found[0]

    def fault(self, name: str, seconds: float | None = None, rate: float | None = None) -> None:
        """Tell it to misbehave."""
        send_fault(self.port, name, seconds, rate=rate)

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """One request; header names with underscores for hyphens."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=BOUND)
        try:
            data = None if body is None else json.dumps(body)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, data, named)
            answer = connection.getresponse()
            return Answer(answer.status, json.load(answer))
        finally:
            connection.close()

    def health(self) -> Answer:
        """What `/health` says."""
        return self.request("GET", "/health")

    def exit_status(self) -> int:
        """Wait for its end."""
        return self.process.wait(BOUND)

    def close(self) -> None:
        """End it, whatever it is doing."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
