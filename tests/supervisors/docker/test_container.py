"""What engines say of a container, Docker's and podman's ways of it."""

from __future__ import annotations

from typing import Any

import pytest

from opsbot.supervisors._docker.container import Container, nanoseconds, signal_number

NEVER = "0001-01-01T00:00:00Z"


def told(**state: Any) -> Container:
    """A running container, but for what is said."""
    usual = {"Status": "running", "Pid": 41, "StartedAt": "2026-03-01T12:00:00.5Z", "FinishedAt": NEVER}
    return Container.of({"Id": "c0ffee", "State": usual | state})


def test_a_container_with_a_process_runs() -> None:
    assert told().runs
    assert told(Status="paused", Paused=True).runs


def test_one_that_podman_is_just_stopping_still_runs() -> None:
    assert told(Status="stopping", Running=False).runs


@pytest.mark.parametrize(
    "state",
    [
        {"Status": "exited", "Pid": 0},
        {"Status": "restarting", "Running": True, "Restarting": True, "Pid": 0},  # Docker, in its backoff
        {"Status": "initialized"},  # podman: the process is not the target yet
        {"Status": "created", "Pid": 0, "StartedAt": NEVER},
        {"Status": "dead", "Pid": 0},
    ],
)
def test_what_has_no_process_of_its_own_does_not_run(state: dict[str, Any]) -> None:
    assert not told(**state).runs


def test_ports_of_the_host_that_lead_into_it_are_known() -> None:
    ports = {
        "5000/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
        "53/udp": [{"HostIp": "", "HostPort": "5353"}],
        "9000/tcp": None,
    }
    raw = {"Id": "c0ffee", "State": {"Status": "running"}, "NetworkSettings": {"Ports": ports}}
    assert Container.of(raw).published == {8080}


@pytest.mark.parametrize(
    ("text", "number"), [("", 15), ("SIGINT", 2), ("QUIT", 3), ("15", 15), ("SIGRTMIN+3", 15), ("9", 9)]
)
def test_stop_signals_are_read_however_they_are_written(text: str, number: int) -> None:
    assert signal_number(text) == number


@pytest.mark.parametrize(
    ("text", "since_1970"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T02:00:01.25+02:00", 1_250_000_000),
        ("2026-11-29T02:53:20.328116877Z", 1_795_920_800_328_116_877),
        (NEVER, 0),
        ("", 0),
        ("yesterday", 0),
    ],
)
def test_times_keep_their_nanoseconds(text: str, since_1970: int) -> None:
    assert nanoseconds(text) == since_1970
