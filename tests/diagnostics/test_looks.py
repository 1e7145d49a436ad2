"""Looks at real processes: what they are, whom they are connected to, what their environment is called."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from opsbot.diagnostics.base import NotCollected
from opsbot.diagnostics.cleaning import cleaned
from opsbot.diagnostics.environment import environment_of, environment_text
from opsbot.diagnostics.network import network_text
from opsbot.diagnostics.process import processes_text, suspects
from opsbot.diagnostics.threads import Threads
from opsbot.domain.process import ProcessId
from opsbot.redact import HIDDEN

CHILD = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""
SECRET = "hunter2-hunter2"


@pytest.fixture
def child() -> Iterator[tuple[int, int]]:
    """Its pid, and the port on which it listens."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, "--password", SECRET],
        env={"PATH": "/usr/bin", "LOG_LEVEL": "INFO", "APP_TOKEN": "x" * 30, "REGION": "eu", "EMPTY": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    yield process.pid, int(process.stdout.readline())
    process.kill()
    process.communicate()


def test_a_process_is_told_with_its_arguments_but_their_secrets(child: tuple[int, int]) -> None:
    text = cleaned("processes.txt", processes_text(child[0], None)).data.decode()
    assert f"pid {child[0]}: " in text
    assert f"--password {HIDDEN}" in text
    assert SECRET not in text
    for name in ("parent", "user", "state", "memory (RSS)", "threads", "folder", "load over", "disk /"):
        assert name in text


def test_what_it_listens_on_and_to_whom_it_speaks(child: tuple[int, int]) -> None:
    pid, port = child
    with socket.create_connection(("127.0.0.1", port)):
        text = network_text(pid, None)
    assert f"127.0.0.1:{port} → –" in text
    assert "LISTEN 1" in text


def test_of_the_environment_the_names_are_told_and_harmless_values(child: tuple[int, int]) -> None:
    text = environment_text(environment_of(child[0], None), {"REGION", "APP_TOKEN"})
    assert "LOG_LEVEL=INFO\n" in text
    assert "REGION=eu\n" in text
    assert "APP_TOKEN is set, 30 characters\n" in text, "also when somebody lists it"
    assert "EMPTY is set, and empty\n" in text


def test_what_it_calls_a_secret_is_known(child: tuple[int, int]) -> None:
    assert suspects(child[0], None) == {SECRET, "x" * 30}


def test_a_pid_that_is_another_process_by_now_is_not_looked_at(child: tuple[int, int]) -> None:
    other = ProcessId("boot", child[0], 1)
    for look in (network_text, environment_of):
        with pytest.raises(NotCollected, match="another process now"):
            look(child[0], other)
    assert "No process" in processes_text(child[0], other)
    assert suspects(child[0], other) == set()


def test_without_a_process_the_machine_is_told_all_the_same() -> None:
    text = processes_text(None, None)
    assert "No process: the target does not run" in text
    assert "memory:" in text


async def test_looks_that_hang_hold_nothing_back_but_looks() -> None:
    threads, gate = Threads(most=2), threading.Event()
    hanging = [asyncio.create_task(threads.run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(NotCollected, match="still hang"):
        await threads.run(lambda: None)
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    gate.set()


async def test_a_thread_gives_back_what_came_of_it() -> None:
    threads = Threads(most=1)
    assert await threads.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(lambda: 8) == 8
