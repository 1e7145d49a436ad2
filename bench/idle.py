"""What `opsbot run` costs while nothing happens: one target, every check but `sockets` each second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.discord import Discord, opsbot_process
from opsbot.app import stop_targets
from opsbot.clock import SystemClock
from opsbot.demo.scene import Ids, scene

WARM_UP_SECONDS = 15.0
MEASURED_SECONDS = 60.0
SOCKETS_SECONDS = 15
"""The sockets check's own default: it reads the kernel's table of connections, and the demo hurries it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu`: percent of one core; `rss`: bytes."""

    cpu: float
    rss: int


def measure(discord: Discord, folder: Path) -> Cost:
    """Watches the demo's service for a while and reads the process's own accounting."""
    stage = scene(folder, ids_of(discord), discord.facts["token"])
    file = folder / "opsbot.yml"
    text = file.read_text()
    line = next(line for line in text.splitlines() if "type: sockets" in line)
    usual = line.replace("interval_seconds: 1", f"interval_seconds: {SOCKETS_SECONDS}")
    assert usual != line
    file.write_text(text.replace(line, usual))
    try:
        with opsbot_process(discord, folder / "opsbot.yml") as process:
            watched = psutil.Process(process.pid)
            time.sleep(WARM_UP_SECONDS)
            before, began = sum(watched.cpu_times()[:2]), time.monotonic()
            time.sleep(MEASURED_SECONDS)
            used = sum(watched.cpu_times()[:2]) - before
            return Cost(100 * used / (time.monotonic() - began), watched.memory_info().rss)
    finally:
        asyncio.run(stop_targets(stage.settings, SystemClock()))


def ids_of(discord: Discord) -> Ids:
    """The simulated server's ids, for the demo's configuration."""
    facts = discord.facts
    roles = facts["roles"]
    port = int(facts["rest_url"].split(":")[2].split("/")[0])
    channel = facts["channels"]["ops"]
    return Ids(facts["guild"], channel, roles["viewer"], roles["operator"], roles["admin"], port)
