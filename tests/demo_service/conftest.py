"""Stand-in services that end with their test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.demo_service.stand_in import StandIn


class Start(Protocol):
    """Starts a stand-in with these arguments."""

    def __call__(self, *args: str) -> StandIn: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start as many as wanted; each has a log of its own."""
    started: list[StandIn] = []

    def go(*args: str) -> StandIn:
        started.append(StandIn(tmp_path / f"bot{len(started)}.log", *args))
        return started[-1]

    yield go
    for stand_in in started:
        stand_in.close()


@pytest.fixture
def service(start: Start) -> StandIn:
    """One stand-in with everything quick."""
    return start("--upstream-every", "0.05", "--summarize-seconds", "0.02", "--seed", "7")
