"""A runbook: what to look at and to do, step by step, when something of a kind is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Expect(StrEnum):
    """What is right about the number of lines that match."""

    NONE = "none"
    SOME = "some"


@dataclass(frozen=True, slots=True)
class AskCheck:
    """Look now, with the check of that name, or with all of that kind."""

    check: str


@dataclass(frozen=True, slots=True)
class AskLog:
    """Which lines match a pattern (RE2's kind). `since`: seconds of the past, None for all that is kept;
    `since_start`: since the target's process was started, where that is known."""

    pattern: str
    expect: Expect = Expect.NONE
    since: float | None = None
    since_start: bool = False
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class AskMetric:
    """A metric's value now, or over `over` seconds (the average; of a counter what was counted), which must
    be below or above a limit. In the unit that the metric's name ends with."""

    metric: str
    below: float | None = None
    above: float | None = None
    over: float | None = None


@dataclass(frozen=True, slots=True)
class AskPort:
    """Which process listens on a TCP port; None: on that of the target's `port` check."""

    port: int | None = None


@dataclass(frozen=True, slots=True)
class AskRestarts:
    """How often the target was started anew within so many seconds, and how often it may have been."""

    most: int = 3
    within: float = 3600.0


@dataclass(frozen=True, slots=True)
class AskDisk:
    """Free space where the target writes. `free`: bytes that must be free; None: as its check is set."""

    free: float | None = None


@dataclass(frozen=True, slots=True)
class AskVersions:
    """Which versions run: of the target, as far as it says, and of opsbot."""


@dataclass(frozen=True, slots=True)
class AskReach:
    """Whether opsbot itself reaches the network, and how Discord is."""


Ask = AskCheck | AskLog | AskMetric | AskPort | AskRestarts | AskDisk | AskVersions | AskReach
"""All that a runbook can have opsbot do: each of these looks, none changes anything."""


@dataclass(frozen=True, slots=True)
class RunbookStep:
    """One numbered item. `title`: its first paragraph; `text`: the rest of it. `ask`: what opsbot does,
    None for a step that is for people; `directive`: how that is written. `line`: where it begins."""

    title: str
    text: str = ""
    ask: Ask | None = None
    directive: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Runbook:
    """`name`: of its file, without the ending. `applies_to`: names of rules, `*` stands for anything.
    `source`: the file as it is; `digest`: of what a walk goes by."""

    name: str
    title: str
    steps: tuple[RunbookStep, ...]
    applies_to: tuple[str, ...] = ()
    summary: str = ""
    source: str = ""
    digest: str = ""

    def fits(self, rule: str) -> bool:
        """Whether it is about what that rule complains of."""
        return any(fnmatchcase(rule, pattern) for pattern in self.applies_to)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a runbook. `line` counts from 1; 0: the whole file."""

    runbook: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A runbook in a list. `fits`: how well it fits the live incident that was asked about, or any live one:
    the number of its firing rules that it is about. `mistake`: why it cannot be walked."""

    name: str
    title: str
    summary: str = ""
    fits: int = 0
    mistake: str = ""
