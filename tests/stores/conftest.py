"""Child processes for the tests of the stores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from opsbot.testing import VirtualClock
from tests import nursery

ROOT = Path(__file__).parents[2]

CHILDREN = "tests.stores.children"
READY = ("opsbot.stores.*", "tests.stores.examples")
"""What those import."""

Child = subprocess.Popen[str] | nursery.Child
Spawn = Callable[..., Child]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts functions of `children.py` as processes, and ends those that still run."""
    with ExitStack() as stack:

        def start(name: str, *arguments: object, before: tuple[str, ...] = ()) -> Child:
            command = [CHILDREN, name, *map(str, arguments)]
            pipe = subprocess.PIPE
            child: Child
            if before:
                command = [*before, sys.executable, "-m", *command]
                child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1)
            else:
                child = nursery.born(command, *READY, stdin=pipe, stdout=pipe)
            stack.callback(_end, child)
            return child

        yield start


def _end(child: Child) -> None:
    child.kill()
    child.communicate()


def heard(child: Child) -> str:
    """The next line that the child says."""
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def answer(child: Child) -> None:
    """Lets a waiting child go on."""
    assert child.stdin is not None
    child.stdin.write("\n")


@pytest.fixture
def own_mounts(tmp_path: Path) -> tuple[str, ...]:
    """What to put before a command so that it has a file system of 2 MB of its own at `tmp_path`."""
    script = f'mount -t tmpfs -o size=2m tmpfs {tmp_path} && exec "$@"'
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh")
    try:
        usable = subprocess.run([*before, "true"], capture_output=True).returncode == 0
    except OSError:
        usable = False
    if not usable and os.environ.get("OPSBOT_TEST_REQUIRE_ALL") != "1":
        pytest.skip("this machine allows no file systems of one's own (unshare)")
    assert usable
    return before
