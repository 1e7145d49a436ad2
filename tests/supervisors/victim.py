"""opsbot's side in a process of its own, which kills itself with SIGKILL at a named point.

Arguments: the options as JSON, the state directory, the point.
"""

from __future__ import annotations

import asyncio
import json
import marshal
import os
import signal
import sys
from asyncio import selector_events
from pathlib import Path
from typing import Any

from opsbot.clock import SystemClock
from opsbot.supervisors import _keepers, _pidfd, _records, process
from opsbot.supervisors.base import SupervisorContext

GENERATION = 7


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(original: Any) -> Any:
    def wrapper(*arguments: Any, **more: Any) -> Any:
        original(*arguments, **more)
        die()

    return wrapper


class _Marshal:
    """`marshal` is built in and cannot be patched: the module's name for it can."""

    dumps = staticmethod(marshal.dumps)
    loads = staticmethod(die)


POINTS: dict[str, tuple[Any, str, Any]] = {
    "before the spawn": (process.ProcessSupervisor, "_spawn", die),
    "a keeper is spawned": (_keepers.Waiting, "give", die),
    "the orders are sent": (selector_events.BaseSelectorEventLoop, "sock_recv", die),
    "the answer is there": (_keepers, "marshal", _Marshal),
    "the stop is noted": (_records.Records, "ask", die_after(_records.Records.ask)),
    "the stop is signalled": (_pidfd.Grip, "ended_within", die),
}


async def main(options: str, directory: str, point: str) -> None:
    if point in POINTS:
        owner, name, what = POINTS[point]
        setattr(owner, name, what)
    supervisor = process.ProcessSupervisor(
        process.Options.model_validate(json.loads(options)),
        SupervisorContext(target="bot", clock=SystemClock(), directory=Path(directory)),
    )
    running = await supervisor.start(GENERATION)
    if point == "it is started":
        die()
    generation = GENERATION
    while True:
        await supervisor.stop(running, 5.0)
        generation += 1
        running = await supervisor.start(generation)
        os.write(1, b"restarted\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
