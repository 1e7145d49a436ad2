"""What the environment of a service manager comes to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from opsbot.runtime.lifeline import READY, Lifeline, lifeline


def test_nothing_of_it_is_left_for_the_targets() -> None:
    environ = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7", "HOME": "/"}
    assert lifeline(environ, 7) == Lifeline("/run/notify", 30.0)
    assert environ == {"HOME": "/"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Lifeline()),
        ({"NOTIFY_SOCKET": "@abc"}, Lifeline("\0abc")),
        ({"NOTIFY_SOCKET": "vsock:2:1"}, Lifeline()),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "8"}, Lifeline("/s")),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "1000000"}, Lifeline("/s", 1.0)),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "soon"}, Lifeline("/s")),
    ],
)
def test_what_is_meant_for_another_process_or_cannot_be_read_is_none(
    environ: dict[str, str], expected: Lifeline
) -> None:
    assert lifeline(environ, 7) == expected


def test_a_manager_that_is_gone_or_has_its_hands_full_is_nobodys_trouble(tmp_path: Path) -> None:
    Lifeline(str(tmp_path / "nobody")).say(READY)
    Lifeline().say(READY)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as busy:
        busy.bind(str(tmp_path / "busy"))
        for _ in range(10_000):
            Lifeline(str(tmp_path / "busy")).say(READY)
        assert busy.recv(100) == b"READY=1"


def test_an_abstract_address_works() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")  # Linux chooses an abstract one
        name = manager.getsockname()
        lifeline({"NOTIFY_SOCKET": f"@{name[1:].decode()}"}, 1).say(READY)
        assert manager.recv(100) == b"READY=1"
