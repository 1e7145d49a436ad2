"""The port of log following: log files, each read once for all who want to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from opsbot.domain.moment import Moment
from opsbot.logs.formats import JsonFormat, PythonFormat, Record, RegexFormat

Format = PythonFormat | JsonFormat | RegexFormat
"""A format of lines; `opsbot.logs.formats.LogFormat` is its pydantic field type."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a feed is in its file, to go on from after a restart.

    `head`: the file's first bytes (at most 128), because an inode is used again; `inside_line`: the offset
    is in the middle of a line that was already counted (capped).
    """

    device: int
    inode: int
    offset: int
    head: bytes = b""
    inside_line: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the feed began. `lost_bytes`: of a backlog that was too big to be read."""

    lines: int = 0
    errors: int = 0
    warnings: int = 0
    lost_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that a subscriber's pattern matched.

    `at`: when it was written, as far as its time can be read, else when it was read; None when neither is
    known (a line of before the feed began, without a time). `counted`: False for a line of before.
    """

    pattern: str
    record: Record
    at: Moment | None
    counted: bool


class Availability(StrEnum):
    """Whether the file can be followed."""

    READABLE = "readable"
    MISSING = "missing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LogState:
    """The file at the last refresh. `reason`: one sentence when it is not readable. `size` in bytes, None
    when not known."""

    availability: Availability = Availability.MISSING
    reason: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the counts are of: the newest `tail_bytes` of the file when it was looked at once, else
    (None) what was written since `since`."""

    since: Moment
    tail_bytes: int | None = None
    whole: bool = False


class Subscription(Protocol):
    """One subscriber's share of a feed."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Matching lines per pattern since the subscription began."""

    def close(self) -> None:
        """Ends it; the feed's file is closed with its last subscription."""


class LogFeed(Protocol):
    """One file, followed from where it was left off."""

    @property
    def counts(self) -> Counts:
        """What was counted so far."""

    @property
    def state(self) -> LogState:
        """The file at the last refresh."""

    @property
    def coverage(self) -> Coverage:
        """What `counts` is of."""

    def subscribe(
        self, patterns: Mapping[str, str], on_hit: Callable[[Hit], None] | None = None
    ) -> Subscription:
        """Counts the lines that match; `on_hit` gets each, in order.

        It begins with the newest lines of before (bounded), whose hits are not `counted`: they are for
        knowing a state, such as the last success. `on_hit` may run in a worker thread, but only while a
        refresh is awaited, and never twice at once.
        """

    async def refresh(self) -> None:
        """Reads what is new (once for all who ask at the same time). Never raises for the file's sake."""

    def position(self) -> Position | None:
        """Where it is; None before it has found a file."""

    def resume_from(self, position: Position) -> None:
        """Goes on from there instead of the file's end. Before the first refresh only."""


class LogFeeds(Protocol):
    """All followed files."""

    def open(self, path: Path, format: Format) -> LogFeed:  # noqa: A002 - the configuration's word
        """The feed of a file; the same one for everybody who names the same file and format."""

    async def close(self) -> None:
        """Lets go of all files."""
