"""What happens in the demo: every minute or so the service breaks, and a watcher follows what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from opsbot.demo.faults import ENDING, Fault, send_fault

EVERY = 60.0
"""Seconds from one fault to the next."""

FIRST_AFTER = 3.0
"""Seconds in which the watcher sees that all is well."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault: for how many seconds, and what to watch for.

    `every`: seconds from one to the next. `reopens`: whether what comes back reopens its incident, as it does
    where nothing else is configured; where not, each minute tells the whole story. `shared`: other targets
    depend on the service.
    """

    fault: Fault
    seconds: float
    story: str
    name: str = ""
    every: float = EVERY
    reopens: bool = False
    shared: bool = False


SCENARIOS: dict[str, Scenario] = {
    s.name or s.fault.value: s
    for s in (
        Scenario(Fault.CRASH, 0, "the service crashes; opsbot tells, restarts it, and says that it is well"),
        Scenario(Fault.KILL, 0, "the service is killed (-9), as by a full memory"),
        Scenario(
            Fault.EXIT_CLEAN, 0, "the service ends cleanly, as in a deploy; opsbot waits a little first"
        ),
        Scenario(
            Fault.HANG, 20, "the API accepts and never answers; opsbot restarts it after three failures"
        ),
        Scenario(
            Fault.UNHEALTHY, 20, "the health endpoint answers 503; opsbot restarts it after three failures"
        ),
        Scenario(Fault.DEGRADED, 20, "the service says that it is degraded: not urgent, so nobody is pinged"),
        Scenario(
            Fault.SLOW, 20, "the health endpoint takes 3 seconds to answer; opsbot tells, and nothing else"
        ),
        Scenario(Fault.ERRORS, 20, "the log fills with errors: first a warning, then it is urgent"),
        Scenario(Fault.BURN, 20, "one core is busy for 20 seconds"),
        Scenario(Fault.LEAK, 20, "memory grows, and is given back after 20 seconds"),
        Scenario(Fault.GATEWAY_DROP, 20, "the gateway session is gone while the process looks healthy"),
        Scenario(
            Fault.UPSTREAM_DOWN, 20, "OpenRouter answers with errors; restarting the service would not help"
        ),
        Scenario(
            Fault.CRASH,
            0,
            "the service crashes again and again: its incident is reopened, and the third time it flaps: it "
            "stays open and disturbs nobody any more",
            name="flapping",
            every=25.0,
            reopens=True,
        ),
        Scenario(
            Fault.CRASH,
            0,
            "the service crashes, and three others that depend on it fail with it: one incident says so",
            name="shared",
            shared=True,
        ),
    )
}


async def play(port: int, scenario: Scenario, say: Callable[[str], None]) -> None:
    """Plays a scenario again and again until cancelled; `say` tells the watcher what is being done."""
    await asyncio.sleep(FIRST_AFTER)
    while True:
        say(f"{scenario.name or scenario.fault.value}: {scenario.story}")
        await _send(port, scenario)
        await asyncio.sleep(scenario.every)


async def _send(port: int, scenario: Scenario) -> None:
    seconds = None if scenario.fault in ENDING else scenario.seconds
    with contextlib.suppress(OSError):  # it may not answer at the moment; the next minute comes
        await asyncio.to_thread(send_fault, port, scenario.fault.value, seconds)
