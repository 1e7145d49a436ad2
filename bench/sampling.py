"""What watching costs by the number of targets: real child processes, a `process` check looks at each every
second, and the history is written meanwhile.

What is measured is the process's own accounting over a minute. The history's packing comes once an hour, so
its part is measured apart and added.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.discord import Discord, discord_section, opsbot_process
from bench.stats import Row
from bench.store import packing_seconds
from opsbot.clock import SystemClock
from opsbot.domain.series import HOUR
from opsbot.stores.sqlite_metrics import METRICS_NAME, SqliteMetrics

COUNTS = (1, 10, 100, 1_000)
WARM_UP_SECONDS = 20.0
MEASURED_SECONDS = 60.0
METRIC = "rss_bytes"
CHILDREN_FOR = "3600"
"""Seconds after which children end by themselves, whatever becomes of this process."""

CONFIG = """{discord}
state_dir: {folder}/state
notifications: {{}}
outages: {{enabled: false}}
targets:
{targets}
"""
TARGET = """  t{number}:
    checks: {{process: {{type: process, pid_file: {folder}/{number}.pid, interval_seconds: 1}}}}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu`: percent of one core, of which `packing`; `rss`: bytes; `looks`: of those that were due."""

    targets: int
    cpu: float
    packing: float
    rss: int
    looks: float


def measure(discord: Discord, folder: Path, count: int) -> Cost:
    """Watches `count` children for a while."""
    folder.mkdir()
    with children(count) as pids:
        for number, pid in enumerate(pids):
            (folder / f"{number}.pid").write_text(f"{pid}\n")
        file = folder / "opsbot.yml"
        targets = "".join(TARGET.format(number=number, folder=folder) for number in range(count))
        file.write_text(CONFIG.format(discord=discord_section(discord), folder=folder, targets=targets))
        with opsbot_process(discord, file) as process:
            watched = psutil.Process(process.pid)
            time.sleep(WARM_UP_SECONDS)
            before, began, wall = sum(watched.cpu_times()[:2]), time.monotonic(), time.time()
            time.sleep(MEASURED_SECONDS)
            used, took = sum(watched.cpu_times()[:2]) - before, time.monotonic() - began
            rss = watched.memory_info().rss
    looks = asyncio.run(_looks(folder / "state" / METRICS_NAME, count, wall, took))
    packing = 100 * packing_seconds(folder) * count / HOUR
    return Cost(count, 100 * used / took + packing, packing, rss, looks)


async def _looks(path: Path, count: int, since: float, seconds: float) -> float:
    """Part of the looks that were due that are in the history."""
    store = SqliteMetrics(path, SystemClock())
    try:
        found = [
            len(await store.series(f"t{number}", METRIC, since, since + seconds)) for number in range(count)
        ]
    finally:
        await store.close()
    return sum(found) / (count * seconds)


@contextmanager
def children(count: int) -> Iterator[list[int]]:
    """Real processes that do nothing, while the context lasts."""
    started = [subprocess.Popen(["sleep", CHILDREN_FOR]) for _ in range(count)]
    try:
        yield [child.pid for child in started]
    finally:
        for child in started:
            child.terminate()
        for child in started:
            child.wait()


def rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of the table."""
    costs = {count: measure(discord, folder / str(count), count) for count in COUNTS}
    growth = ", ".join(f"{c.targets}: {c.cpu:.1f} % and {c.rss / 2**20:.0f} MB" for c in costs.values())
    one, most = costs[COUNTS[0]], costs[COUNTS[-1]]
    return [
        Row(
            "CPU of `opsbot run`, 1 process at 1 s, history included",
            _said(one),
            "≤ 1.5 % of a core",
            one.cpu <= 1.5,
        ),
        Row(
            f"CPU of the same, {most.targets:,} processes at 1 s",
            _said(most),
            "≤ 35 % of a core",
            most.cpu <= 35 and most.looks > 0.99,
        ),
        Row("RSS of that", f"{most.rss / 2**20:.0f} MB", "≤ 200 MB", most.rss <= 200 * 2**20),
        Row("growth by targets", growth, "shown", reached=True),
    ]


def _said(cost: Cost) -> str:
    return f"{cost.cpu:.2f} % (packing {cost.packing:.2f} of it), {100 * cost.looks:.1f} % of the looks made"
