"""All figures as one table: `python -m bench`, or only some: `python -m bench respawn idle health`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import (
    cascade,
    charts,
    delivery,
    foreign_port,
    health,
    idle,
    kills,
    logs,
    reload,
    respawn,
    restart,
    rotation,
    sampling,
    store,
    storm,
)
from bench.discord import Discord, discord_process
from bench.stats import Row, percentile, table

MS = 1000.0


def respawn_rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of `bench.respawn`."""
    times = respawn.measure(discord, folder)
    alert = [percentile(times.alert, part) * MS for part in (0.5, 0.95)]
    started = [percentile(times.started, part) * MS for part in (0.5, 0.95)]
    count = len(times.alert)
    return [
        Row(
            "kill -9 → alert request at Discord",
            f"p50 {alert[0]:.0f} ms, p95 {alert[1]:.0f} ms of {count}",
            "p95 ≤ 100 ms",
            alert[1] <= 100,
        ),
        Row(
            "kill -9 → new process runs",
            f"p50 {started[0]:.0f} ms, p95 {started[1]:.0f} ms of {count}",
            "p95 ≤ 50 ms",
            started[1] <= 50,
        ),
    ]


def idle_rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of `bench.idle`."""
    cost = idle.measure(discord, folder)
    return [
        Row(
            "CPU of `opsbot run`, one target at 1 s (sockets 15 s, disk 60 s)",
            f"{cost.cpu:.2f} %",
            "≤ 1 %",
            cost.cpu <= 1,
        ),
        Row("RSS of the same", f"{cost.rss / 2**20:.0f} MB", "≤ 90 MB", cost.rss <= 90 * 2**20),
    ]


def charts_rows(_: Discord, folder: Path) -> list[Row]:
    """Rows of `bench.charts`."""
    seen = charts.measure(folder)
    middle, high = (percentile(seen.seconds, part) for part in (0.5, 0.95))
    grown = (seen.after - seen.before) / 2**20
    return [
        Row(
            "`/metrics` → its chart in the channel",
            f"p50 {middle:.2f} s, p95 {high:.2f} s of {len(seen.seconds)}; the first {seen.first:.2f} s",
            "< 2 s",
            max(high, seen.first) < 2,
        ),
        Row(
            f"RSS of the bot after {charts.CHARTS} charts",
            f"{grown:+.1f} MB",
            "± 5 MB",
            abs(grown) <= 5,
        ),
    ]


def health_rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of `bench.health`."""
    walls = health.measure(discord, folder)
    return [
        Row(
            "`opsbot health`, 100 MB log, opsbot runs",
            f"{walls.running:.2f} s",
            "≤ 0.25 s",
            walls.running <= 0.25,
        ),
        Row(
            "`opsbot health`, 100 MB log, alone; the guide's steps by hand in the same run",
            f"{walls.alone:.2f} s; {walls.guide:.2f} s",
            "faster than by hand (0.48 s when it was first measured)",
            walls.alone < walls.guide,
        ),
        Row("`opsbot --help`", f"{walls.help:.2f} s", "≤ 0.3 s", walls.help <= 0.3),
    ]


PARTS: dict[str, Callable[[Discord, Path], list[Row]]] = {
    "respawn": respawn_rows,
    "idle": idle_rows,
    "charts": charts_rows,
    "health": health_rows,
    "restart": restart.rows,
    "kills": kills.rows,
    "reload": reload.rows,
    "foreign_port": foreign_port.rows,
    "rotation": rotation.rows,
    "delivery": delivery.rows,
    "storm": storm.rows,
    "cascade": cascade.rows,
    "logs": logs.rows,
    "store": store.rows,
    "sampling": sampling.rows,
}


def main(names: list[str]) -> None:
    rows: list[Row] = []
    for name in names or list(PARTS):
        with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as folder, discord_process() as discord:
            print(f"measuring {name} …", file=sys.stderr)
            rows += PARTS[name](discord, Path(folder))
    print(table(rows))


main(sys.argv[1:])
