"""`/metrics` over the wire: how long until its chart is in the channel, and what stays in the memory."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from opsbot.app import stop_targets
from opsbot.clock import SystemClock
from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.play import ids_of
from opsbot.demo.scene import FILE, scene

WARM_UP_SECONDS = 15.0
CHARTS = 20


@dataclass(frozen=True, slots=True)
class Charts:
    """`seconds`: from the command to the message with the chart, each; `first`: of the first one, which makes
    the list of fonts. `before`, `after`: RSS of the bot, bytes."""

    first: float
    seconds: list[float]
    before: int
    after: int


def measure(folder: Path) -> Charts:
    """Asks one after the other, with an opsbot that watches the demo's service meanwhile."""
    return asyncio.run(_measured(folder))


async def _measured(folder: Path) -> Charts:
    async with SimulatedDiscord() as sim:
        stage = scene(folder, ids_of(sim), sim.token)
        command = [sys.executable, "-m", "bench.launch", sim.rest_url, sim.gateway_url, "run", "-c"]
        environ = {**os.environ, "OPSBOT_DISCORD_TOKEN": sim.token}
        with (folder / "opsbot.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command, str(folder / FILE), env=environ, stdout=log, stderr=log
            )
        try:
            await sim.wait_until_connected(30.0)
            await asyncio.sleep(WARM_UP_SECONDS)
            await sim.world.vera.slash(sim.world.ops, "health")
            bot = psutil.Process(process.pid)
            before = bot.memory_info().rss
            seconds = [await _one(sim) for _ in range(CHARTS + 1)]
            return Charts(seconds[0], seconds[1:], before, bot.memory_info().rss)
        finally:
            process.terminate()
            await process.wait()
            await stop_targets(stage.settings, SystemClock())


async def _one(sim: SimulatedDiscord) -> float:
    ops = sim.world.ops
    known = {message.id for message in sim.messages(ops)}
    began = time.monotonic()
    await sim.world.vera.slash(ops, "metrics", window="15m")
    await sim.wait_for_message(ops, lambda m: m.id not in known and bool(m.attachments), timeout=30)
    return time.monotonic() - began
