"""The parts of a bundle: their files, what is in them, and which go first when there is no room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from opsbot.errors import OpsbotError

MANIFEST, REPORT, HEALTH = "manifest.json", "report.md", "health.txt"

TITLES: Mapping[str, str] = {
    "stacks.txt": "What each of its threads is doing",
    "processes.txt": "Its processes, and the machine",
    "network.txt": "Its network connections",
    "env.txt": "Its environment: names, few values",
    HEALTH: "The health report, looked at now",
    "logs.txt": "The last 500 lines of its log",
    "metrics.csv": "The performance monitor's samples of the last hour",
    "metrics.txt": "Statistics of every metric over the last hour",
    "metrics.png": "Charts of the last hour",
    "history.txt": "Alerts, incidents, restarts and who did what",
    "config.yml": "opsbot's configuration without comments and secrets",
    "opsbot.txt": "How opsbot itself is",
    REPORT: "A report for whoever is asked for help, to be completed",
}
"""Every part in the order in which it is collected: first what is gone soonest."""

DROPPED_FIRST = (
    "metrics.png",
    "metrics.csv",
    "opsbot.txt",
    "network.txt",
    "env.txt",
    "config.yml",
    "metrics.txt",
    "processes.txt",
    "history.txt",
    "stacks.txt",
    "logs.txt",
)
"""What is left out of a bundle that would be too large, in this order; the others never are."""


class NotCollected(OpsbotError):
    """A part could not be collected: one clause that says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part comes from: text as it was found, or a picture. `seconds` it may take; `tail`: of a text
    that is too long its end is kept."""

    file: str
    collect: Callable[[], Awaitable[str | bytes]]
    seconds: float = 15.0
    tail: bool = False

    @property
    def title(self) -> str:
        """What is in it."""
        return TITLES[self.file]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part as it goes into the file. `hidden`: secrets that were taken out, by kind; `why`: it is not
    there; `note`: what a reader must know of it, such as that it was cut."""

    file: str
    data: bytes = b""
    hidden: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    why: str = ""
    note: str = ""
