"""An opsbot in which alerts come as fast as told: `python -m bench.hail MODE FOLDER REST GATEWAY`.

Fifty targets of which nothing is looked at by itself; samples are handed to the pipeline. In each target one
rule fires all the time, and of 19 others another one with each sample, so each sample is one more alert.
`MODE` storm: 10,000 alerts in a minute, then quiet until everything is told. `MODE` wire: one alert after the
other, without a limit to messages, each with the moment at which it was committed.

One JSON object on the standard output: what was seen.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from bench.discord import environment
from opsbot.app import opened
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.demo.pointing import point_discord_py_at
from opsbot.domain.change import Change
from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.domain.target import Target
from opsbot.engine.inputs import SampleSeen
from opsbot.runtime.core import Runtime
from opsbot.runtime.desk import Manners
from opsbot.session import Session

TARGETS, RULES, ALERTS, SECONDS = 50, 20, 10_000, 60.0
ROUNDS = 100
LAG_LOOK = 0.005
"""Seconds between two looks at how late the event loop is."""


def targets() -> tuple[Target, ...]:
    """All of them."""
    rules = tuple(
        Rule(
            f"rule_{number}",
            Compare(Reading(f"load_{number}"), Op.GT, 1.0),
            Severity.CRITICAL if number == 0 else Severity.WARNING,
            Priority.P2 if number == 0 else Priority.P3,
            "Load {value}",
            reads=frozenset({"load"}),
        )
        for number in range(RULES)
    )
    return tuple(Target(f"bot-{n}", f"Bot {n}", (), rules) for n in range(TARGETS))


class Hail:
    """Samples for the pipeline, and what comes of them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._clock = SystemClock()
        self.committed: list[float] = []
        self.lags: list[float] = []
        runtime.pipeline.listen(self._decided)

    def _decided(self, changes: Sequence[Change], effects: Sequence[object]) -> None:
        del effects
        if any(isinstance(change, Incident) and change.version == 1 for change in changes):
            self.committed.append(time.monotonic())

    async def see(self, target: int, **metrics: float) -> None:
        """One sample of a target."""
        sample = Sample(f"bot-{target}", "load", self._clock.now(), Outcome.OK, "", metrics)
        await self._runtime.pipeline.post(SampleSeen(sample))

    async def alert(self, number: int) -> None:
        """One more alert; the target's last one is over, but for that which always fires."""
        target, turn = number % TARGETS, number // TARGETS
        if turn == 0:
            await self.see(target, load_0=2.0)
            return
        old, new = (1 + (turn + step) % (RULES - 1) for step in (-1, 0))
        await self.see(target, **{f"load_{old}": 0.0, f"load_{new}": 2.0})

    async def watch_lag(self) -> None:
        """Notes how late each wake-up is."""
        while True:
            due = time.monotonic() + LAG_LOOK
            await asyncio.sleep(LAG_LOOK)
            self.lags.append(time.monotonic() - due)

    async def all_told(self, seconds: float = 600.0) -> None:
        """Waits until nothing waits to be told."""
        ends = time.monotonic() + seconds
        while self._runtime.pipeline.state.notices:
            if time.monotonic() > ends:
                raise SystemExit("what was to be told is not told in time")
            await asyncio.sleep(0.2)


async def storm(hail: Hail, runtime: Runtime) -> dict[str, Any]:
    """10,000 alerts in a minute."""
    process = psutil.Process()
    watching = asyncio.create_task(hail.watch_lag())
    before, most, began = process.memory_info().rss, 0, time.monotonic()
    for number in range(ALERTS):
        await asyncio.sleep(began + number * SECONDS / ALERTS - time.monotonic())
        await hail.alert(number)
        if number % 50 == 0:
            most = max(most, process.memory_info().rss)
    await runtime.pipeline.caught_up()
    took = time.monotonic() - began
    watching.cancel()
    counted = sum(incident.fired for incident in runtime.pipeline.state.live_incidents())
    rows = len(runtime.pipeline.state.notices)
    await hail.all_told()
    return {
        "began": began,
        "took": took,
        "grown": max(most, process.memory_info().rss) - before,
        "lags": hail.lags,
        "counted": counted,
        "rows": rows,
    }


async def wire(hail: Hail, runtime: Runtime) -> dict[str, Any]:
    """One alert after the other."""
    for number in range(ROUNDS):
        await hail.see(number % TARGETS, load_0=2.0)
        await runtime.pipeline.caught_up()
        await hail.all_told(30.0)
        await hail.see(number % TARGETS, load_0=0.0)
        await runtime.pipeline.caught_up()
        await hail.all_told(30.0)
        await asyncio.sleep(0.05)
    return {"committed": hail.committed}


async def main(
    play: Callable[[Hail, Runtime], Awaitable[dict[str, Any]]], folder: Path, watched: tuple[Target, ...]
) -> dict[str, Any]:
    """An opsbot with its bot logged in, and the hail."""
    clock = SystemClock()
    settings = replace(load(folder / "opsbot.yml", environment()), targets=watched)
    session = Session(settings, clock)
    async with opened(settings, clock, session.ports) as runtime, asyncio.TaskGroup() as group:
        if play is wire:
            runtime.outbox.manners = {spec.name: Manners(0.0) for spec in settings.notifiers}
        parts = [group.create_task(runtime.run()), group.create_task(session.run(runtime))]
        await session.ready.wait()
        await asyncio.sleep(2.0)
        hail = Hail(runtime)
        result = await play(hail, runtime)
        for part in parts:
            part.cancel()
    return result


if __name__ == "__main__":
    wanted, where, rest, gateway = sys.argv[1:]
    with point_discord_py_at(rest, gateway):
        seen = asyncio.run(main(wire if wanted == "wire" else storm, Path(where), targets()))
    sys.stdout.write(json.dumps(seen) + "\n")
