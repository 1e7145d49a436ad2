"""kill -9 of the target → its alert's request arrives at Discord; → the new process runs."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from bench.discord import Discord, discord_section, environment, opsbot_process
from opsbot.app import stop_targets
from opsbot.clock import SystemClock
from opsbot.config.load import load

ROUNDS = 30
HEALTHY_SECONDS = 2.5
"""Between two kills: longer than `healthy_reset_seconds`, so that each is a first crash."""

CONFIG = """\
{discord}
state_dir: {folder}/state
targets:
  victim:
    supervisor:
      type: process
      command: ["/bin/sh", "-c", "echo $$ > {fifo}; exec sleep 100000"]
    restart: {{max_per_hour: 1000, healthy_reset_seconds: 2, backoff_seconds: 1, backoff_max_seconds: 1}}
    checks:
      process: {{type: process, interval_seconds: 1}}
"""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the kill, one per round."""

    alert: list[float]
    started: list[float]


def measure(discord: Discord, folder: Path, rounds: int = ROUNDS) -> Times:
    """Kills the target again and again; returns the times."""
    fifo = folder / "started"
    os.mkfifo(fifo)
    config = folder / "opsbot.yml"
    config.write_text(CONFIG.format(discord=discord_section(discord), folder=folder, fifo=fifo))
    reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    times = Times([], [])
    channel = f"/channels/{discord.facts['channels']['ops']}/messages"
    with opsbot_process(discord, config):
        pid = _started(reader)[0]
        for _ in range(rounds):
            time.sleep(HEALTHY_SECONDS)
            killed = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            pid, at = _started(reader)
            times.started.append(at - killed)
            times.alert.append(discord.wait_for("POST", channel, killed)["at"] - killed)
        os.kill(pid, 0)
    _end(config)
    os.close(reader)
    return times


def _started(reader: int) -> tuple[int, float]:
    ready, _, _ = select.select([reader], [], [], 30.0)
    at = time.monotonic()
    if not ready:
        raise SystemExit("the target was not started within 30 s")
    return int(os.read(reader, 64).split()[0]), at


def _end(config: Path) -> None:
    """opsbot leaves its targets running; the bench ends them."""
    settings = load(config, environment())
    asyncio.run(stop_targets(settings, SystemClock()))
