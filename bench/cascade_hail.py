"""An opsbot with fifty targets behind one: `python -m bench.cascade_hail WHEN FOLDER REST GATEWAY`.

A thousand alerts in a minute; `WHEN` the one behind which they are is seen dead: first, middle, last, never.
Then everything is well again. One JSON object on the standard output: what was seen.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from bench.hail import RULES, TARGETS, Hail, main, targets
from opsbot.clock import SystemClock
from opsbot.demo.pointing import point_discord_py_at
from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.domain.target import Target
from opsbot.engine.inputs import SampleSeen
from opsbot.runtime.core import Runtime

ALERTS, SECONDS = TARGETS * RULES, 60.0
PARENT = "db"
WHEN = {"first": 0, "middle": ALERTS // 2, "last": ALERTS - 1, "never": -1}
"""Before which alert it is seen dead."""


def fleet() -> tuple[Target, ...]:
    """The parent, and those that depend on it."""
    reading = Compare(Reading("dead"), Op.GT, 0.0)
    dead = Rule("dead", reading, Severity.CRITICAL, Priority.P1, "It is dead", reads=frozenset({"load"}))
    children = (replace(target, depends_on=(PARENT,)) for target in targets())
    return (Target(PARENT, "The database", (), (dead,)), *children)


async def parent(runtime: Runtime, dead: float) -> None:
    """What is seen of it."""
    sample = Sample(PARENT, "load", SystemClock().now(), Outcome.OK, "", {"dead": dead})
    await runtime.pipeline.post(SampleSeen(sample))


async def cascade(when: str, hail: Hail, runtime: Runtime) -> dict[str, Any]:
    """The minute, and what comes after it."""
    process = psutil.Process()
    watching = asyncio.create_task(hail.watch_lag())
    before, rows, began = process.memory_info().rss, 0, time.monotonic()
    for number in range(ALERTS):
        await asyncio.sleep(began + number * SECONDS / ALERTS - time.monotonic())
        if number == WHEN[when]:
            await parent(runtime, 1.0)
        await hail.see(number % TARGETS, **{f"load_{number // TARGETS}": 2.0})
        rows = max(rows, len(runtime.pipeline.state.notices))
    await runtime.pipeline.caught_up()
    watching.cancel()
    (live,) = runtime.pipeline.state.live_incidents()
    grown = process.memory_info().rss - before
    await hail.all_told()
    seen = {
        "began": began,
        "ended": time.monotonic(),
        "committed": hail.committed[0],
        "lags": hail.lags,
        "counted": live.fired,
        "cause": live.cause,
        "rows": rows,
        "grown": grown,
    }
    await recovers(hail, runtime)
    return seen


async def recovers(hail: Hail, runtime: Runtime) -> None:
    """All is well again, and told."""
    await parent(runtime, 0.0)
    for number in range(TARGETS):
        await hail.see(number, **{f"load_{rule}": 0.0 for rule in range(RULES)})
    await runtime.pipeline.caught_up()
    await hail.all_told()


if __name__ == "__main__":
    wanted, where, rest, gateway = sys.argv[1:]
    with point_discord_py_at(rest, gateway):
        result = asyncio.run(main(partial(cascade, wanted), Path(where), fleet()))
    sys.stdout.write(json.dumps(result) + "\n")
