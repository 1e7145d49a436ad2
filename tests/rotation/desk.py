"""What the tests of setting a log aside share: a log, its rotator, and programs that write to it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import ProcessId, Running
from opsbot.errors import RotationError
from opsbot.logs.feed import LogFeed
from opsbot.logs.files import FileLogFeeds
from opsbot.logs.formats import PythonFormat
from opsbot.rotation import _cut
from opsbot.rotation._copy import HeadCopy
from opsbot.rotation.base import Aside, LogSpec, RotationContext
from opsbot.rotation.logfile import LogRotator
from tests.rotation.yard import needs

BLOCK = 4096


class Desk:
    """A log `bot.log`, the rotator over it, opsbot's own follower, and pens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "bot.log"
        self.spec = LogSpec(self.log, folder / "archive", "bot")
        self.clock = SystemClock()
        self.running: Running | None = None
        self.feeds = FileLogFeeds(self.clock)
        self.feed: LogFeed = self.feeds.open(self.log, PythonFormat())
        self.feed.subscribe({})
        self.context = RotationContext(self.clock, lambda: self.running, self.feeds)
        self.rotator = self.successor()
        self.pens: list[Pen] = []

    def configure(self, **spec: Any) -> None:
        """Before anything else."""
        self.spec = replace(self.spec, **spec)
        self.rotator = self.successor()

    def successor(self) -> LogRotator:
        """Another rotator over the same log, as the next opsbot has it."""
        return LogRotator(self.spec, self.context)

    def pen(self, mode: str = "append") -> Pen:
        """A program that has the log open."""
        self.pens.append(Pen(self.log, mode))
        return self.pens[-1]

    def runs(self, pen: Pen) -> None:
        """It is the target."""
        self.running = Running(identity(pen.pid, self.clock.boot_id), self.clock.now())

    async def rotate(self) -> Aside:
        return await self.rotator.set_aside(await self.rotator.plan())

    async def archive(self, aside: Aside) -> bytes:
        """Compresses it; returns what is in the archive."""
        archived = await self.rotator.compress(aside, lambda _: None)
        return gzip.decompress(archived.path.read_bytes())

    def files(self) -> list[str]:
        """Every file in the folder and below it."""
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if not p.is_dir())

    async def close(self) -> None:
        for pen in self.pens:
            pen.close()
        await self.feeds.close()
        await self.rotator.close()


class Pen:
    """See `pen.py`."""

    def __init__(self, log: Path, mode: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name("pen.py")), str(log), mode]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._expect("ready")

    @property
    def pid(self) -> int:
        return self._process.pid

    def write(self, *lines: str, ended: bool = True) -> str:
        """Returns when they are in the log; `ended`: the last one with its end."""
        assert self._process.stdin is not None
        for number, line in enumerate(lines):
            open_end = number == len(lines) - 1 and not ended
            self._process.stdin.write(line + "\\" * open_end + "\n")
            self._process.stdin.flush()
            self._expect("done")
        return "".join(f"{line}\n" for line in lines)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == word + "\n"


@contextmanager
def holding(**files: IO[str]) -> Iterator[int]:
    """A process that has the files open; its pid."""
    child = subprocess.Popen(["sleep", "60"], **files)  # type: ignore[call-overload]
    try:
        yield child.pid
    finally:
        child.kill()
        child.wait()


def identity(pid: int, boot_id: str) -> ProcessId:
    ticks = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19]
    return ProcessId(boot_id, pid, int(ticks))


def numbered(count: int, first: int = 0, width: int = 50) -> str:
    """Lines of one length, each with its number."""
    return "".join(f"{number:010d}".ljust(width - 1, ".") + "\n" for number in range(first, first + count))


def needs_cutting(folder: Path) -> None:
    needs(_can(folder).block > 0, "the file system of the temporary folder cannot cut the head off a file")


def _can(folder: Path) -> _cut.Abilities:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return _cut.abilities(descriptor, os.fstat(descriptor).st_dev)
    finally:
        os.close(descriptor)


def before(monkeypatch: pytest.MonkeyPatch, step: str, happens: Callable[[], object]) -> None:
    """Something happens just before a step of the copy."""
    real = getattr(HeadCopy, step)

    def stepped(self: HeadCopy, *args: object) -> object:
        happens()
        return real(self, *args)

    monkeypatch.setattr(HeadCopy, step, stepped)


def no_ability(monkeypatch: pytest.MonkeyPatch, *, punch: bool = False) -> None:
    monkeypatch.setattr(_cut, "abilities", lambda *_: _cut.Abilities(0, punch))


async def refusal(desk: Desk) -> str:
    with pytest.raises(RotationError) as caught:
        await desk.rotate()
    assert "\n" not in str(caught.value)
    return str(caught.value)
