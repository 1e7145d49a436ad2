"""How long `opsbot health` takes with a log of 100 MB, with and without a running opsbot; and `--help`."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.discord import Discord, environment, opsbot_process
from bench.idle import ids_of
from opsbot.app import stop_targets
from opsbot.clock import SystemClock
from opsbot.demo.scene import scene

GUIDE = Path(__file__).parent / "guide_health.sh"
PATTERN = "python -m opsbot.demo.service"
RUNS = 15
LOG_BYTES = 100 * 2**20
LINES = (
    "src.discord_bot.commands - INFO - create_summary channel=general user=ann response_time=1.8",
    'httpx - INFO - HTTP Request: POST https://openrouter.ai/api/v1/chat/completions "HTTP/1.1 200 OK"',
    "src.summarization.engine - WARNING - retrying after a slow answer",
    "src.summarization.engine - ERROR - APIError: upstream answered 502",
)


@dataclass(frozen=True, slots=True)
class Walls:
    """Median wall seconds of each command."""

    running: float
    alone: float
    guide: float
    help: float


def measure(discord: Discord, folder: Path) -> Walls:
    """Times the commands as whole processes."""
    stage = scene(folder, ids_of(discord), discord.facts["token"])
    config = folder / "opsbot.yml"
    write_log(folder / "summarybot.log")
    command = [sys.executable, "-m", "opsbot", "health", "-c", str(config)]
    try:
        with opsbot_process(discord, config):
            time.sleep(5.0)
            running = median_wall(command)
        alone = median_wall(command)
        guide = median_wall(["bash", str(GUIDE), str(stage.port), str(folder / "summarybot.log"), PATTERN])
    finally:
        asyncio.run(stop_targets(stage.settings, SystemClock()))
    return Walls(running, alone, guide, median_wall([sys.executable, "-m", "opsbot", "--help"]))


def write_log(path: Path) -> None:
    """A log of `LOG_BYTES` in the guide's format; mostly INFO."""
    rng = random.Random(1)
    block = "".join(
        f"2026-01-05 15:04:21,{number:03d} - {rng.choices(LINES, (90, 5, 3, 2))[0]}\n"
        for number in range(1000)
    )
    with path.open("w") as file:
        for _ in range(LOG_BYTES // len(block) + 1):
            file.write(block)


def median_wall(command: list[str]) -> float:
    """Seconds; the first run, which fills the file cache, is not counted."""
    walls = []
    for _ in range(RUNS + 1):
        began = time.monotonic()
        done = subprocess.run(command, env=environment(), capture_output=True, check=False)
        walls.append(time.monotonic() - began)
        if done.returncode not in (0, 1, 2, 3) or not done.stdout:
            raise SystemExit(f"{' '.join(command)} failed: {done.stderr.decode()}")
    return sorted(walls[1:])[RUNS // 2]
