"""What several tests of rotation stand on."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from opsbot.rotation import _writers
from tests.rotation.desk import Desk, needs_cutting
from tests.rotation.yard import needs, needs_root


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A log with a rotator and a follower over it."""
    made = Desk(tmp_path)
    yield made
    await made.close()


@pytest.fixture
def cutting(desk: Desk) -> Desk:
    """A log on a file system that can cut, with a writer that appends."""
    needs_cutting(desk.folder)
    desk.pen().write("first")
    return desk


@pytest.fixture(autouse=True)
def everybody_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine of one's own; in a container, or with a first process that hides, it is not so."""
    monkeypatch.setattr(_writers, "_hidden", lambda _: "")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB of its own, which cannot cut the head off a file."""
    needs_root()
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "opsbot-test", str(folder)]
    needs(subprocess.run(command, capture_output=True).returncode == 0, "nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
