"""A real container engine for the tests, one a session: `tests/tools/docker-sandbox`."""

from __future__ import annotations

import atexit
import functools
import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "docker-sandbox"
NEEDED = ("podman", "crun", "busybox", "unshare")
ANSWER_SECONDS = 30.0


class Sandbox:
    """A running engine. It ends with the tests, however they end: it waits at the other end of a pipe."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="opsbot-engine-"))
        self.socket = self.folder / "docker.sock"
        self.url = f"unix://{self.socket}"
        self._process = subprocess.Popen(
            [SCRIPT, "run", self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        atexit.register(self.close)
        assert self._process.stdout
        assert self._process.stderr
        if not self._process.stdout.readline():
            raise OSError(self._process.stderr.read().decode(errors="replace"))

    @property
    def has_cgroups(self) -> bool:
        """Whether this machine lets containers have control groups: without them none can be paused."""
        return 'cgroups="enabled"' in (self.folder / "containers.conf").read_text()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """What somebody else does through the engine.

        Raises:
            OSError: it refuses, or is not reached.
        """
        connection = _Connection(str(self.socket))
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, f"/v1.41/{path}", json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 400:
                raise OSError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
            return json.loads(text) if text else None
        finally:
            connection.close()

    def kill(self) -> None:
        """The engine dies; its containers live on, as with Docker's live-restore."""
        engine = os.pidfd_open(int((self.folder / "pid").read_text()))
        try:
            signal.pidfd_send_signal(engine, signal.SIGKILL)
            select.select([engine], [], [], ANSWER_SECONDS)
        finally:
            os.close(engine)

    def serve(self) -> None:
        """The engine is back."""
        subprocess.run([SCRIPT, "serve", self.folder], check=True, stdout=subprocess.DEVNULL)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(self._path)


@functools.cache
def _started() -> Sandbox | str:
    """The session's engine, or why there can be none."""
    missing = [name for name in NEEDED if not shutil.which(name)]
    if os.geteuid() != 0:
        return "a real container engine needs root"
    if missing:
        return f"a real container engine needs {', '.join(missing)} (Debian: podman crun busybox-static)"
    try:
        return Sandbox()
    except OSError as error:
        return f"no container engine can be run here: {error}"


def sandbox() -> Sandbox:
    """The engine. Skips the test where there can be none; fails it where the whole suite is demanded."""
    found = _started()
    if isinstance(found, Sandbox):
        return found
    if os.environ.get("OPSBOT_TEST_REQUIRE_ALL") == "1":
        pytest.fail(found)
    pytest.skip(found)
