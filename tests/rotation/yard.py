"""What the tests of archives share: a log in a folder of its own, and opsbot in another process."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from opsbot.errors import RotationError
from opsbot.rotation import _worker
from opsbot.rotation._archive import Archive
from opsbot.rotation._safe import opened, rename_new
from opsbot.rotation.base import Archived, Aside, LogSpec
from opsbot.testing import VirtualClock
from tests import nursery
from tests.bound import BOUND

ROOT = Path(__file__).parents[2]
READY = ("opsbot.rotation.*", "opsbot.clock", "psutil", "pytest")
"""What an opsbot in another process imports."""

DAY = 86_400.0
T = TypeVar("T")

LONG = 40_000
"""Lines of noise that are far from done when the worker tells of the first piece."""

LINE = b"2026-01-05 15:04:00,123 - src.discord_bot.events - INFO - Bot is ready! Logged in as summarizer-ng\n"


class Yard:
    """A log `bot.log`, its archive folder, and opsbot's hands on both."""

    def __init__(self, folder: Path, **spec: Any) -> None:
        self.folder = folder
        self.spec = LogSpec(folder / "bot.log", folder / "logs" / "archive", "bot")
        self.spec = replace(self.spec, **spec)
        self.clock = VirtualClock()
        self.archive = Archive(self.spec, self.clock)
        self.children: list[Child] = []

    @property
    def log(self) -> Path:
        return self.spec.path

    def write(self, data: bytes = LINE * 100) -> bytes:
        self.log.write_bytes(data)
        return data

    def set_aside(self) -> Aside:
        """As a rotation by renaming does it."""
        path = self.archive.aside_path(in_archive=False)
        folder = os.open(self.folder, os.O_RDONLY)
        rename_new(folder, self.log.name, path.name)
        os.close(folder)
        return Aside(path, path.stat().st_size)

    async def compress(self, aside: Aside, progress: Callable[[float], None] = lambda _: None) -> Archived:
        return await self.archive.compress(aside, progress)

    async def rotate(self) -> Archived:
        return await self.compress(self.set_aside())

    async def settled(self, data: bytes) -> None:
        """What a successor leaves: the log's lines once, and nothing half."""
        for aside in self.archive.asides():
            await self.compress(aside)
        self.archive.prune()
        assert self.content() == [data]
        assert self.files() == [str(path.relative_to(self.folder)) for path in self.archived()]

    def archived(self) -> list[Path]:
        """The finished archives."""
        return sorted(self.spec.archive_dir.glob("*.log.gz"))

    def files(self) -> list[str]:
        """Every file in the folder and below it."""
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if not p.is_dir())

    def content(self) -> list[bytes]:
        """What the archives hold; each is read to its end, so that a truncated one is an error."""
        return [gzip.decompress(path.read_bytes()) for path in self.archived()]

    def child(self, do: str, path: Path | None = None, *, point: str = "", **more: Any) -> Child:
        """`do` in an opsbot of its own; see `child.py`."""
        self.children.append(Child(self.spec, do, path, point, **more))
        return self.children[-1]

    def close(self) -> None:
        """Ends what still runs."""
        for child in self.children:
            child.process.kill()
            child.ended()


class Child:
    """Another process that does one thing to a log. `before`: what is put before its command."""

    def __init__(
        self,
        spec: LogSpec,
        do: str,
        path: Path | None,
        point: str = "",
        before: tuple[str, ...] = (),
        **how: Any,
    ) -> None:
        order = {
            "spec": [str(spec.path), str(spec.archive_dir), spec.name],
            "do": do,
            "path": str(path or spec.path),
            "point": point,
            **how,
        }
        argv, pipe = ["tests.rotation.child", json.dumps(order)], subprocess.PIPE
        self.process: nursery.Child | subprocess.Popen[str]
        if before:
            argv = [*before, sys.executable, "-m", *argv]
            self.process = subprocess.Popen(argv, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        else:
            self.process = nursery.born(argv, *READY, stdin=pipe, stdout=pipe)

    def line(self) -> Any:
        """The next thing that it says."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    @property
    def pid(self) -> int:
        return self.process.pid

    def over(self) -> bool:
        return self.process.poll() is not None

    def rest(self) -> str:
        """What it says until its end."""
        assert self.process.stdout is not None
        rest = self.process.stdout.read()
        self.ended()
        return rest

    def ended(self) -> int:
        """Its exit code; nothing of it is left open."""
        code = self.process.wait(BOUND)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return code

    def answer(self) -> Any:
        said = self.line()
        assert self.ended() == 0
        return said


def workers(parent: int) -> list[psutil.Process]:
    """The compressing processes of an opsbot."""
    found = []
    with suppress(psutil.NoSuchProcess):  # it has ended
        for child in psutil.Process(parent).children():
            with suppress(psutil.Error):  # it ended meanwhile, or another test's is not reaped yet
                if _worker.__file__ in child.cmdline():
                    found.append(child)
    return found


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(look: Callable[[], T], bound: float = BOUND) -> T:
    """Polls until the look is truthy; fails after `bound` seconds."""
    ends = time.monotonic() + bound
    while not (seen := look()):
        assert time.monotonic() < ends, f"never became true: {look}"
        time.sleep(0.005)
    return seen


def needs(usable: bool, reason: str) -> None:
    """Skips where it is not; with OPSBOT_TEST_REQUIRE_ALL that is a failure."""
    if not usable:
        assert not os.environ.get("OPSBOT_TEST_REQUIRE_ALL"), reason
        pytest.skip(reason)


def needs_root() -> None:
    needs(os.geteuid() == 0, "this test needs root")


def refusal(path: Path) -> str:
    """The one sentence that says why a log is not rotated, with the remedy behind a colon."""
    with pytest.raises(RotationError) as caught, opened(path):
        pass
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert ": " in sentence
    return sentence


TRAPS: dict[str, Callable[[Path, Path], None]] = {
    "symlink": lambda place, precious: place.symlink_to(precious),
    "hard link": lambda place, precious: place.hardlink_to(precious),
    "pipe": lambda place, _: os.mkfifo(place),
}
"""What somebody may put in the place of a file that opsbot is about to make."""


def noise(lines: int) -> bytes:
    """Lines that hardly compress, so that compressing takes its time and its room."""
    return b"".join(os.urandom(64).hex().encode() + b"\n" for _ in range(lines))
