"""A service writes as fast as it can while its log is rotated: is every line there exactly once?"""

from __future__ import annotations

import asyncio
import gzip
import signal
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bench.log_writer import KINDS, TEXT
from opsbot.clock import SystemClock
from opsbot.domain.process import Running
from opsbot.logs.feed import LogFeed
from opsbot.logs.files import FileLogFeeds
from opsbot.logs.formats import PythonFormat
from opsbot.rotation._names import ARCHIVE, ours
from opsbot.rotation.base import Aside, LogSpec, RotationContext
from opsbot.rotation.logfile import LogRotator
from opsbot.supervisors import _proc
from opsbot.supervisors.base import SupervisorContext
from opsbot.supervisors.process import Options, ProcessSupervisor

WRITER = Path(__file__).with_name("log_writer.py")

GROWTH = 2 << 20
"""Bytes that the log grows by from one rotation to the next, at least."""

BOUND = 60.0
"""Seconds after which what is waited for does not come."""

LOOK_SECONDS = 0.1
"""opsbot's own follower looks so often."""


@dataclass(slots=True)
class Outcome:
    """What became of the lines. `written` of them in `seconds`; `gone`: numbers that are nowhere; `doubled`;
    `broken`: no whole lines; `seen`: what opsbot's own follower counted; `windows`: seconds told, of each
    rotation; `edges`: the last number before it and the first behind it; `stamps`: moments before each write
    of `per_write` lines."""

    kind: str
    per_write: int
    written: int = 0
    seconds: float = 0.0
    doubled: int = 0
    broken: int = 0
    seen: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    windows: list[float] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    stamps: array[float] = field(default_factory=lambda: array("d"))

    @property
    def rate(self) -> float:
        """Lines a second."""
        return self.written / self.seconds

    @property
    def exact(self) -> bool:
        """Every line is there once, whole, and was counted once."""
        return not (self.gone or self.doubled or self.broken) and self.seen == self.written

    def __str__(self) -> str:
        return (
            f"{self.kind}: {self.written} lines, {self.rate:,.0f} a second; lost {len(self.gone)}, "
            f"doubled {self.doubled}, broken {self.broken}, followed {self.seen}; "
            f"windows {[round(window * 1e6) for window in self.windows]} µs"
        )

    @property
    def covered(self) -> bool:
        """Whether all that is lost was written in the windows that were told: nothing but what lies between
        two files, and between the first and the last of it no more time than was told."""
        between = {number for last, first in self.edges for number in range(last + 1, first)}
        return between == set(self.gone) and all(
            self.took(last + 1, first - 1) <= window
            for (last, first), window in zip(self.edges, self.windows, strict=True)
        )

    def took(self, first: int, last: int) -> float:
        """Seconds between two writes, at least: a write has happened before the next one begins."""
        one, other = first // self.per_write + 1, last // self.per_write
        return self.stamps[other] - self.stamps[one] if one < other else 0.0


class Campaign:
    """One service of a kind, its log, and opsbot's rotator and follower over it."""

    def __init__(self, kind: str, folder: Path, growth: int = GROWTH) -> None:
        self.kind, self.growth = kind, growth
        self.log, self.notes = folder / "service.log", folder / "notes"
        self.state = folder / "state"
        self.spec = LogSpec(
            self.log,
            folder / "archive",
            "service",
            keep=10_000,
            owned=kind == "stdout",
            watched=kind == "watched",
            reopen_signal=signal.SIGUSR1 if kind == "signal" else None,
        )
        self.clock = SystemClock()
        self.feeds = FileLogFeeds(self.clock)
        self.feed = self.feeds.open(self.log, PythonFormat())
        self.running: Running | None = None
        self.rotator = LogRotator(self.spec, RotationContext(self.clock, lambda: self.running, self.feeds))
        self.outcome = Outcome(kind, KINDS[kind][0])

    async def run(self, rotations: int) -> Outcome:
        share = self.feed.subscribe({})
        await self.feed.refresh()
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(follow(self.feed))
            async with self.service():
                for _ in range(rotations):
                    await self.rotate()
            looking.cancel()
        await self.finish()
        await self.feed.refresh()
        self.outcome.seen = self.feed.counts.lines
        share.close()
        await self.rotator.close()
        self.judge()
        return self.outcome

    async def rotate(self) -> None:
        await self.grown()
        plan = await self.rotator.plan()
        aside = await self.rotator.set_aside(plan)
        self.outcome.ways[plan.way] += 1
        self.outcome.windows.append(aside.window)
        if not aside.busy:
            await self.pack(aside)

    async def grown(self) -> None:
        """Returns when the log is big enough to be rotated."""
        await until(lambda: self.log.exists() and self.size() >= self.growth)

    async def pack(self, aside: Aside) -> None:
        """What was set aside becomes an archive."""
        await self.rotator.compress(aside, lambda _: None)

    def size(self) -> int:
        """Bytes that the log takes: where its writer does not append it has a hole at its head."""
        found = self.log.stat()
        return min(found.st_size, found.st_blocks * 512)

    async def finish(self) -> None:
        """What was set aside and could not be finished at once."""
        left: list[Aside] = await self.rotator.asides()
        for aside in left:
            assert not aside.busy, aside
            await self.pack(aside)

    @asynccontextmanager
    async def service(self) -> AsyncIterator[None]:
        """The service runs, and has written its notes afterwards."""
        command = [sys.executable, str(WRITER), self.kind, str(self.log), str(self.notes)]
        async with self.supervised(command) if self.kind == "stdout" else self.by_hand(command):
            yield
        raw = self.notes.read_bytes()
        self.outcome.stamps.frombytes(raw)
        self.outcome.written = len(self.outcome.stamps) * self.outcome.per_write
        self.outcome.seconds = self.outcome.stamps[-1] - self.outcome.stamps[0]

    @asynccontextmanager
    async def supervised(self, command: list[str]) -> AsyncIterator[None]:
        """Under opsbot's own keeper."""
        options = Options.model_validate({"command": command, "cwd": self.log.parent, "log": self.log})
        supervisor = ProcessSupervisor(options, SupervisorContext("service", self.clock, self.state))
        self.running = await supervisor.start(1)
        keeper = _proc.identify(self.running.keeper_pid, self.clock.boot_id)
        assert keeper is not None
        try:
            yield
        finally:
            await supervisor.stop(self.running, BOUND)
            await supervisor.close()
        await until(lambda: not _proc.alive(keeper, self.clock.boot_id))  # it writes out what is left

    @asynccontextmanager
    async def by_hand(self, command: list[str]) -> AsyncIterator[None]:
        process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL)
        identity = _proc.identify(process.pid, self.clock.boot_id)
        assert identity is not None
        self.running = Running(identity, self.clock.now())
        try:
            yield
        finally:
            process.terminate()
            await process.wait()

    def judge(self) -> None:
        """Reads all that is left and counts each number."""
        found, torn = bytearray(self.outcome.written), b""
        ends: list[tuple[int, int]] = []
        for data, window in zip(self.contents(), [*self.outcome.windows, 0.0], strict=True):
            *lines, torn = (torn + data.lstrip(b"\0")).split(b"\n")  # a cut may go through a line
            if torn and window:  # and its rest be lost
                torn = b""
            numbers = [number for line in lines if 0 <= (number := self.number(line)) < len(found)]
            self.outcome.broken += len(lines) - len(numbers)
            for number in numbers:
                found[number] += 1
            # a log to which nothing was written after the last rotation begins behind the last line
            ends.append((numbers[0], numbers[-1]) if numbers else (len(found), len(found)))
        self.outcome.edges = [(one[1], other[0]) for one, other in pairwise(ends)]
        self.outcome.broken += bool(torn)
        self.outcome.gone = [number for number, count in enumerate(found) if not count]
        self.outcome.doubled = sum(count > 1 for count in found)

    @staticmethod
    def number(line: bytes) -> int:
        """Of a whole line, else -1."""
        return int(line[:10]) if line[10:] == ENDING and line[:10].isdigit() else -1

    def contents(self) -> list[bytes]:
        """The archives in the order of their making, then the live log."""
        packed = ours(ARCHIVE, self.spec.name, (path.name for path in self.spec.archive_dir.iterdir()))
        archived = [gzip.decompress((self.spec.archive_dir / one.name).read_bytes()) for one in packed]
        return [*archived, self.log.read_bytes()]


ENDING = f" {TEXT}".encode()


async def follow(feed: LogFeed) -> None:
    """As a check does it."""
    while True:
        await feed.refresh()
        await asyncio.sleep(LOOK_SECONDS)


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(BOUND):
        while not look():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(0.005)
