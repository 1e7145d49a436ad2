"""The port of checks: one way to observe a target.

A check is one module in this package, named like its `kind`, with

- `class Options(CheckOptions)`: its own settings (a pydantic model, `extra="forbid"`);
- `SECTION`: where its findings stand in the health report;
- `metrics(options) -> Mapping[str, str]`: the metrics that it will produce, each with its meaning;
  conditions are verified against it, so it imports nothing optional and looks at nothing;
- `build(options, context) -> Check`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from opsbot.clock import Clock
from opsbot.domain.heartbeat import Deaf, Heartbeat
from opsbot.domain.process import ProcessId
from opsbot.domain.sample import Observation
from opsbot.logs.feed import LogFeeds

SECTIONS = (
    "Discord Bot Process",
    "Webhook API",
    "Discord Gateway",
    "Log Management",
    "Network Ports",
    "External APIs",
    "System",
    "Heartbeats",
)
"""Titles of the health report's sections in the guide's order; the last two are opsbot's own."""


class CheckOptions(BaseModel):
    """Base of every check's options: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Heard(Protocol):
    """The signs of life that opsbot was sent."""

    @property
    def deaf(self) -> Deaf | None:
        """When none could be heard."""

    def of(self, secret: str) -> Heartbeat | None:
        """What is known of the one with that secret; None where nobody listens for it."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a check may use of the world around it.

    `process`: the target's process as the supervisor knows it, or None; `wake`: asks for a look at
    once (safe to call from the event loop only); `feeds`: the log files, each read once for all checks;
    `one_shot`: the caller looks once and exits (the command line), so nothing may be kept warm and a
    first look must already have numbers, where that is possible within 100 ms. `heard`: the heartbeats; None
    where none are.
    """

    target: str
    clock: Clock
    process: Callable[[], ProcessId | None]
    feeds: LogFeeds
    wake: Callable[[], None] = lambda: None
    secrets: Mapping[str, str] = field(default_factory=dict)
    one_shot: bool = False
    heard: Heard | None = None


class Check(Protocol):
    """One way to observe one target. Made once, looked with many times, closed once.

    A check that mostly has not to wait for anything may also have `glance() -> Observation | None`, which is
    asked first: what it sees at once, or None when it has to `look`. That spares most of what a look costs.
    """

    async def look(self) -> Observation:
        """Looks once. May raise anything: the scheduler makes an `error` sample of it.

        The scheduler bounds it with the check's timeout and cancels it then.
        """

    async def close(self) -> None:
        """Lets go of whatever it holds."""


METRIC_NAME = r"^[a-z][a-z0-9_]*$"
"""What the name of a metric, or a part of one that people choose, looks like."""

TEXT_LIMIT = 300
"""Characters of a text that came from a log, a body or another program."""


def bounded(text: str, limit: int = TEXT_LIMIT) -> str:
    """The text, cut with … when it is longer than `limit` characters. It stays as raw as it came."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


DescribeMetrics = Callable[[CheckOptions], Mapping[str, str]]
BuildCheck = Callable[[CheckOptions, CheckContext], Check]
Look = Callable[[], Awaitable[Observation]]
