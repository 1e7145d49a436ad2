"""How fast a log is read and searched: 200 MB of it at once, a little more of it, and in a storm.

By hand: `python -m bench logs`, or only some: `python -m bench.logs storm speed growth`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.discord import Discord
from bench.log_lines import FIFTY, SIX, storm_text, write_log
from bench.stats import Row, percentile, table
from opsbot.clock import SystemClock
from opsbot.logs._engine import Engine, Probe
from opsbot.logs._engines import Probes, fast
from opsbot.logs._openfile import OpenFile
from opsbot.logs._re2 import Re2Engine
from opsbot.logs.feed import LogFeed, Position
from opsbot.logs.files import FileLogFeeds
from opsbot.logs.formats import PythonFormat

SIZE = 200_000_000
TIMES = 5
"""The best of so many is taken: the machine is shared."""

Make = Callable[[Probes], Engine]

GROWTHS = 20
STORM_RATE = 100_000_000
STORM_SECONDS = 10
LOOK_SECONDS = 0.2

GREPS = (
    "grep -c ERROR {log}",
    'grep "openrouter.ai" {log} | grep "200 OK" | wc -l',
    'grep "create_summary" {log} | wc -l',
)
"""The guide's: errors, successful upstream calls, requests."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Millions of bytes for a second of the clock, and for one of this process's CPU time: on a machine that
    others use too the second is what it would be alone, for one thread does it all."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.0f} MB/s by the clock, {self.cpu:.0f} MB/s of CPU"


def speed(what: Callable[[], object]) -> Speed:
    """The best of some runs over the whole log."""
    walls, cpus = [], []
    for _ in range(TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        what()
        walls.append(time.perf_counter() - wall)
        cpus.append(max(1e-9, time.process_time() - cpu))
    return Speed(SIZE / 1e6 / min(walls), SIZE / 1e6 / min(cpus))


def by_engine(engine: Engine, log: Path) -> list[int]:
    """Reads the log as a feed does; matching lines for each pattern."""
    counts: list[int] = []
    file = OpenFile(log)
    for chunk in file.chunks():
        found = [len(ends) for ends in engine.ends(chunk)]
        counts = [sum(two) for two in zip(counts, found, strict=True)] if counts else found
    file.close()
    return counts


def by_grep(command: str, log: Path) -> None:
    subprocess.run(command.format(log=log), shell=True, stdout=subprocess.DEVNULL, check=True)


async def by_feed(log: Path) -> None:
    """A whole feed reads the log: levels, lines, and the patterns."""
    feed = feed_of(log)
    feed.subscribe(SIX)
    status = log.stat()  # noqa: ASYNC240 - nothing else runs in this loop
    feed.resume_from(Position(status.st_dev, status.st_ino, 0))
    await feed.refresh()


def feed_of(log: Path) -> LogFeed:
    return FileLogFeeds(SystemClock()).open(log, PythonFormat())


def _hyperscan(probes: Probes) -> Engine:
    engine = fast(probes)
    assert engine is not None, "hyperscan is not installed: pip install 'opsbot[fast]'"
    return engine


def speed_rows(folder: Path) -> list[Row]:
    """200 MB at once."""
    log = folder / "speed.log"
    written = write_log(log, SIZE)
    six, fifty = (engine_speed(_hyperscan, patterns, log, written) for patterns in (SIX, FIFTY))
    slow = [engine_speed(Re2Engine, patterns, log, written) for patterns in (SIX, FIFTY)]
    kept = _hyperscan(
        (*PythonFormat().probes(), *map(Probe, SIX.values()))
    )  # made once, as in a running opsbot
    feed = speed(lambda: asyncio.run(by_feed(log)))
    del kept
    grep = speed(lambda: by_grep("cat {log} | grep -c ERROR", log))
    greps = speed(lambda: [by_grep(command, log) for command in GREPS])  # type: ignore[func-returns-value]
    log.unlink()
    what = "a log of 200 MB read and searched for 6 patterns, "
    return [
        Row(
            what + "hyperscan",
            str(six),
            "≥ 1,000 MB/s",
            max(six.wall, six.cpu) >= 1000,
        ),
        Row("the same for 50 patterns", str(fifty), "≥ 700 MB/s", max(fifty.wall, fifty.cpu) >= 700),
        Row("the same with google-re2, 6 patterns", str(slow[0]), "is told", True),
        Row("the same with google-re2, 50 patterns", str(slow[1]), "is told", True),
        Row("the same by a whole feed: levels, all lines, 6 patterns", str(feed), "is told", True),
        _compared("`cat log | grep -c ERROR`", grep, six),
        _compared("the guide's three greps", greps, six),
    ]


def engine_speed(make: Make, patterns: Mapping[str, str], log: Path, written: Mapping[str, int]) -> Speed:
    """Of one engine, whose counts are looked at first."""
    engine = make(tuple(map(Probe, patterns.values())))
    counts = dict(zip(patterns, by_engine(engine, log), strict=True))
    assert {key: counts[key] for key in written} == written, (counts, written)
    return speed(lambda: by_engine(engine, log))


def _compared(what: str, other: Speed, six: Speed) -> Row:
    measured = f"{other.wall:.0f} MB/s by the clock, {six.wall / other.wall:.2f} × as fast"
    return Row(f"{what}; 6 patterns with hyperscan are", measured, "is told", True)


async def growth(log: Path) -> list[float]:
    """Seconds of a look after 1 MB more, some times."""
    feed = feed_of(log)
    counts = feed.subscribe(SIX).counts
    await feed.refresh()
    text = storm_text(1_000_000)
    for _ in range(8):  # the engines are made
        await _grow(feed, log, text)
    times = [await _grow(feed, log, text) for _ in range(GROWTHS)]
    assert counts["errors"] == text.count(b"ERROR") * (GROWTHS + 8)
    return times


async def _grow(feed: LogFeed, log: Path, text: bytes) -> float:
    with log.open("ab") as out:
        out.write(text)
    began = time.perf_counter()
    await feed.refresh()
    return time.perf_counter() - began


def growth_rows(folder: Path) -> list[Row]:
    """1 MB more."""
    log = folder / "growth.log"
    write_log(log, SIZE)
    times = asyncio.run(growth(log))
    log.unlink()
    half, most = (percentile(times, part) * 1000 for part in (0.5, 0.95))
    measured = f"p50 {half:.1f} ms, p95 {most:.1f} ms of {len(times)}"
    return [Row("a look after 1 MB of growth of a log of 200 MB", measured, "p50 < 5 ms", half < 5)]


@dataclass(frozen=True, slots=True)
class Storm:
    """`lag`: seconds, the most that a line had to wait to be counted; `growth` of RSS in bytes."""

    lag: float
    growth: int
    exact: bool
    rate: float
    cpu: float


async def storm(log: Path) -> Storm:
    """A process writes as fast as asked, and a feed follows."""
    feed = feed_of(log)
    counts = feed.subscribe(SIX).counts
    await feed.refresh()
    text = storm_text(1_000_000)
    me, before = psutil.Process(), psutil.Process().memory_info().rss
    for _ in range(8):  # the engines are made, which is part of the growth and not of the lag
        await _grow(feed, log, text)
    cpu, began = time.process_time(), time.monotonic()
    writer = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.logs", "write", str(log))
    lag, growth, last, running = 0.0, 0, time.monotonic(), True
    while running:
        await asyncio.sleep(LOOK_SECONDS)
        running = writer.returncode is None
        start = time.monotonic()
        await feed.refresh()
        lag = max(lag, time.monotonic() - last)  # what this look found was written after the last one began
        last = start
        growth = max(growth, me.memory_info().rss - before)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    await writer.wait()
    pieces = STORM_RATE * STORM_SECONDS // len(text) + 8
    exact = (
        counts["errors"] == text.count(b"ERROR") * pieces and feed.counts.lines == text.count(b"\n") * pieces
    )
    came = log.stat().st_size - 8 * len(text)  # noqa: ASYNC240 - all is done
    return Storm(lag, growth, exact, came / seconds, cpu / seconds)


def write_storm(log: Path) -> None:
    """The writer: in pieces of 1 MB, evenly."""
    text = storm_text(1_000_000)
    out = os.open(log, os.O_WRONLY | os.O_APPEND)
    began = time.monotonic()
    for number in range(STORM_RATE * STORM_SECONDS // len(text)):
        time.sleep(max(0.0, began + number * len(text) / STORM_RATE - time.monotonic()))
        os.write(out, text)


def storm_rows(folder: Path) -> list[Row]:
    """100 MB/s for 10 s."""
    log = folder / "storm.log"
    log.touch()
    seen = asyncio.run(storm(log))
    log.unlink()
    reached = seen.lag < 1 and seen.growth < 20 * 2**20 and seen.exact
    measured = (
        f"lag {seen.lag:.2f} s, RSS + {seen.growth / 2**20:.1f} MB, "
        f"counts {'exact' if seen.exact else '**wrong**'} "
        f"({seen.rate / 1e6:.0f} MB/s came, {seen.cpu:.0%} of a core)"
    )
    what = f"a storm of 100 MB/s for 10 s, a look each {LOOK_SECONDS} s"
    return [Row(what, measured, "lag < 1 s, RSS + < 20 MB, exact", reached)]


PARTS = {"storm": storm_rows, "speed": speed_rows, "growth": growth_rows}
"""The storm first: what the engine weighs is to be seen in its figure."""


def rows(_discord: Discord | None, folder: Path) -> list[Row]:
    """All rows."""
    return [row for part in PARTS.values() for row in part(folder)]


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write_storm(Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as here:
            print(table([row for name in sys.argv[1:] or PARTS for row in PARTS[name](Path(here))]))
