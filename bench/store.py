"""The history on disk: how fast values go in, what they take there, and how soon a chart has its own.

The values are such as a bot has: a noisy CPU, memory that grows slowly, counters, response times. One target,
all its usual metrics; `process`, `http`, `log` and `gateway` look each second, `sockets` every 15 s, `disk`
each minute.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from bench.discord import Discord
from bench.stats import Row, percentile
from opsbot.clock import SystemClock
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.domain.series import DAY, HOUR, Keep
from opsbot.stores._metrics_prune import used
from opsbot.stores.sqlite_metrics import METRICS_NAME, SqliteMetrics

TARGET = "summarybot"
DAYS = 30
SELDOM = 5
OTHERS = 1_000
CHART_POINTS = 1_440
BATCH_SECONDS = 10
BEGIN = 1_767_571_200.0
"""2026-01-05 00:00 UTC."""

MIB = 2**20
GB = 1e9


@dataclass(slots=True)
class Bot:
    """A bot's values. `counters`: by metric, with how often each goes up in a second."""

    random: Random = field(default_factory=lambda: Random(7))
    rss: float = 91_284 * 1024.0
    counters: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(
            ("log_lines_total", "log_errors_total", "log_warnings_total", "log_lost_bytes_total"), 0.0
        )
    )

    def process(self, at: float) -> dict[str, float]:
        """What the `process` check says."""
        if self.random.random() < 0.1:
            self.rss += 4096 * self.random.choice((1, 2, 8, -1, -4))
        ticks = max(0.0, self.random.gauss(30e6, 12e6))  # nanoseconds of CPU in a second
        cpu = ticks / self.random.gauss(1.0005e9, 4e5) * 100
        return {
            "process_up": 1.0,
            "process_pid": 30_061.0,
            "threads": 14.0 + (self.random.random() < 0.02),
            "rss_bytes": self.rss,
            "vms_bytes": 535_312 * 1024.0,
            "memory_percent": self.rss / 8_333_234_176 * 100,
            "open_fds": 31.0 + (self.random.random() < 0.05),
            "process_uptime_seconds": at - BEGIN + 77.123,
            "cpu_percent": cpu,
            "cpu_machine_percent": cpu / 2,
        }

    def http(self) -> dict[str, float]:
        """What the `http` check says."""
        return {
            "health_up": 1.0,
            "health_status": 200.0,
            "health_response_seconds": self.random.lognormvariate(-5, 0.4),
        }

    def log(self) -> dict[str, float]:
        """What the `log` check says: three lines a second, 2 % of them errors."""
        lines = self.random.randrange(7)
        self.counters["log_lines_total"] += lines
        self.counters["log_errors_total"] += sum(self.random.random() < 0.02 for _ in range(lines))
        self.counters["log_warnings_total"] += sum(self.random.random() < 0.04 for _ in range(lines))
        return {**self.counters, "log_size_bytes": self.counters["log_lines_total"] * 97.0}

    def gateway(self, at: float) -> dict[str, float]:
        """What the `gateway` check says."""
        return {
            "gateway_connected": 1.0,
            "gateway_disconnects_total": at // 40_000,
            "gateway_resumes_total": at // 50_000,
            "gateway_last_event_age_seconds": self.random.expovariate(0.2),
        }

    def seldom(self, second: int) -> Iterator[dict[str, float]]:
        """What the checks say that do not look each second."""
        if not second % 15:
            yield {"sockets_established": 2.0, "sockets_close_wait": float(self.random.random() < 0.01)}
        if not second % 60:
            yield {"disk_free_bytes": 31e9 - second * 300.0, "disk_used_percent": 61.0 + second / 1e6}

    def samples(self, begin: float, seconds: int, every: int) -> list[Sample]:
        """Everything seen in a range of seconds since 1970, late by a little, as a scheduler is."""
        found = []
        for second in range(0, seconds, every):
            at = begin + second + self.random.gauss(0.0015, 0.0006)
            checks = [self.process(at), self.http(), self.log(), self.gateway(at), *self.seldom(second)]
            moment = Moment(at, at)
            found += [Sample(TARGET, f"c{n}", moment, Outcome.OK, metrics=m) for n, m in enumerate(checks)]
        return found


@dataclass(frozen=True, slots=True)
class Figures:
    """`rate`: values a second. `per_value`, `per_day`, `minutes_per_day`, `full`: bytes. `packing`: seconds
    of CPU for an hour of the target. `charts`: seconds of a query, by window."""

    rate: float
    per_value: float
    per_day: float
    minutes_per_day: float
    packing: float
    charts: dict[str, float]
    full: int


async def measure(folder: Path) -> Figures:
    """Fills a history as a month and a day would, and asks it. Of the days of which only minutes stay, a look
    is made each `SELDOM` seconds: that makes the same minutes, sooner."""
    path = folder / METRICS_NAME
    store, bot = SqliteMetrics(path, SystemClock(), patience=60.0), Bot()
    try:
        values, took, packing = await _day(store, bot, BEGIN, 1)
        day = await _used(store)
        await store.prune(BEGIN + 3 * DAY, Keep())
        rolled = await _used(store)
        for number in range(1, DAYS + 1):
            await _day(store, bot, BEGIN + number * DAY, 1 if number == DAYS else SELDOM)
            await store.prune(BEGIN + (number + 1) * DAY, Keep())
        full = await _fill(store)
        now = BEGIN + (DAYS + 1) * DAY
        charts = {}
        for name, window in (("30 days", 30 * DAY), ("24 hours", DAY), ("1 hour", float(HOUR))):
            times = []
            for metric in ("cpu_percent", "rss_bytes", "log_errors_total") * 3:
                began = time.perf_counter()
                found = await store.buckets(TARGET, metric, now - window, now, CHART_POINTS)
                times.append(time.perf_counter() - began)
                assert len(found.buckets) > CHART_POINTS // 4
            charts[name] = percentile(times, 0.95)
        return Figures(values / took, day / values, day, rolled, packing / 24, charts, full)
    finally:
        await store.close()


async def _day(store: SqliteMetrics, bot: Bot, begin: float, every: int) -> tuple[int, float, float]:
    """Values stored in a day, seconds that storing took, and seconds of CPU that packing took."""
    values, took, packing = 0, 0.0, 0.0
    for hour in range(24):
        at = begin + hour * HOUR
        samples = bot.samples(at, HOUR, every)
        values += sum(len(sample.metrics) for sample in samples)
        size = len(samples) * BATCH_SECONDS // HOUR
        began = time.perf_counter()
        for first in range(0, len(samples), size):
            await store.append(samples[first : first + size])
        took += time.perf_counter() - began
        before = time.process_time()
        while await store.pack(at + HOUR + 120):
            pass
        packing += time.process_time() - before
    return values, took, packing


async def _fill(store: SqliteMetrics) -> int:
    """Other targets with the same past, until the history has its size; returns that."""
    copies = Keep().most_bytes // await _used(store)

    def copied(db: sqlite3.Connection, hour: int) -> None:
        with db:
            db.execute("BEGIN IMMEDIATE")
            for table, rest in (
                ("raw", "data"),
                ("minutes", "data"),
                ("hours", "low, high, total, last, count"),
            ):
                for number in range(1, copies):
                    db.execute(
                        f"INSERT INTO {table} SELECT hour, series + ?, {rest} FROM {table}"
                        " WHERE hour = ? AND series < ?",
                        (number * OTHERS, hour, OTHERS),
                    )

    for hour in range(int(BEGIN // HOUR), int(BEGIN // HOUR) + (DAYS + 1) * 24):
        await store._database.write(partial(copied, hour=hour))
    return await _used(store)


async def _used(store: SqliteMetrics) -> int:
    return await store._database.read(used)


def packing_seconds(folder: Path) -> float:
    """Seconds of CPU that it takes to pack an hour of one `process` check that looks each second."""

    async def packed() -> float:
        store, bot = SqliteMetrics(folder / METRICS_NAME, SystemClock()), Bot()
        try:
            for begin in range(0, HOUR, BATCH_SECONDS):
                at = [BEGIN + begin + n for n in range(BATCH_SECONDS)]
                await store.append(
                    [Sample(TARGET, "p", Moment(t, t), Outcome.OK, metrics=bot.process(t)) for t in at]
                )
            before = time.process_time()
            while await store.pack(BEGIN + 2 * HOUR):
                pass
            return time.process_time() - before
        finally:
            await store.close()

    return asyncio.run(packed())


def rows(discord: Discord, folder: Path) -> list[Row]:  # noqa: ARG001 - needs no Discord
    """Rows of the table."""
    seen = asyncio.run(measure(folder))
    slowest = seen.charts["30 days"]
    charts = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in seen.charts.items())
    return [
        Row("values a second into the history", f"{seen.rate:,.0f}", "shown", reached=True),
        Row(
            "bytes a value on disk, rollups and all",
            f"{seen.per_value:.2f} (packing takes {seen.packing * 1000:.0f} ms an hour)",
            "≤ 12",
            seen.per_value <= 12,
        ),
        Row(
            "days in a GB, one target at 1 s with its usual metrics",
            f"{GB / seen.per_day:.0f} of every value, {GB / seen.minutes_per_day:,.0f} of minutes",
            "shown",
            reached=True,
        ),
        Row(
            f"a chart's query in a history of its full size ({seen.full / MIB:,.0f} MB), p95",
            charts,
            "30 days < 200 ms",
            slowest < 0.2,
        ),
    ]
