"""What is asked of a target's log, and what was found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

USUAL_REQUEST = "create_summary"
"""What stands in a line about a request (monitoring guide, "Monitor Summarization Usage")."""


class Topic(StrEnum):
    """The six questions, each with the guide's recipe that it replaces."""

    ERRORS = "errors"  # grep "ERROR" LOG | grep "$(date +%Y-%m-%d)"; grep "APIError\|…" LOG
    HOURLY = "hourly"  # grep "ERROR" LOG | awk '{print $2}' | cut -d: -f1 | sort | uniq -c
    API = "api"  # grep "openrouter.ai" LOG | grep [-v] "200 OK"; awk over response_time
    USAGE = "usage"  # grep "create_summary" LOG | grep -o "channel=[^ ]*" | sort | uniq -c
    TAIL = "tail"  # tail -100 LOG
    SEARCH = "search"  # grep PATTERN LOG


@dataclass(frozen=True, slots=True)
class Question:
    """`since`: seconds since 1970, None for all that is kept. `lines`: that are given at most, the newest.
    `pattern`: of a search, RE2's kind, or a text that is taken as it is (`plain`). `request`: what a line
    about a request holds. `host`: of the calls, instead of the configured ones. `seconds`, `most_bytes`: when
    reading is cut off, the oldest left out."""

    topic: Topic
    since: float | None = None
    lines: int = 20
    pattern: str = ""
    plain: bool = False
    ignore_case: bool = False
    request: str = USUAL_REQUEST
    host: str = ""
    seconds: float = 20.0
    most_bytes: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Errors:
    """`levels`: lines by level (ERROR, CRITICAL); `types`, `loggers`: how often each is named, the commonest
    first, "" for lines that name none; `newest`: the last lines, the oldest first."""

    levels: Mapping[str, int]
    warnings: int
    types: tuple[tuple[str, int], ...]
    loggers: tuple[tuple[str, int], ...]
    newest: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.levels.values())


@dataclass(frozen=True, slots=True)
class Hourly:
    """`hours`: "2026-01-05 15" and the errors in it, in order, without the hours that have none; `untimed`:
    errors whose line has no time."""

    hours: tuple[tuple[str, int], ...]
    untimed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(count for _, count in self.hours) + self.untimed


@dataclass(frozen=True, slots=True)
class Took:
    """Response times in seconds, as logged."""

    count: int
    mean: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Api:
    """Lines that name an upstream's host: those with a 2xx status are successes, all others failures, as the
    guide counts. `statuses`: by status, "" for lines without one; `newest`: the last failures."""

    hosts: tuple[str, ...]
    successes: int
    failures: int
    statuses: tuple[tuple[str, int], ...]
    took: Took | None = None
    newest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Lines about requests; `channels`, `users`: how often each is named, the commonest first."""

    request: str
    total: int
    channels: tuple[tuple[str, int], ...] = ()
    users: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """The newest lines of a tail or a search, the oldest first. `total`: how many there are."""

    lines: tuple[str, ...]
    total: int


Result = Errors | Hourly | Api | Usage | Lines


@dataclass(frozen=True, slots=True)
class LogLook:
    """An answer. `files`: what was read, the newest first; `read`: bytes, unpacked; `notes`: what must be
    said with it, a sentence each: an archive that is damaged, what was left out."""

    target: str
    title: str
    question: Question
    result: Result
    files: tuple[str, ...] = ()
    read: int = 0
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class LogProgress:
    """How far it is: bytes of the files, packed as they are."""

    read: int
