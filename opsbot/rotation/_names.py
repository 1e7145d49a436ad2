"""What files of a rotation are called, and which of the files that are there are ours.

`T` is local time, as in the guide and as people read it: `20260105_150000`. The hour that comes twice where
summer time ends is not told apart: what was made in it sorts by the clock on the wall.

| file | name |
|---|---|
| the log, set aside by a rename | `LOG.T[.N]`, beside the log |
| its content, set aside by a copy | `.NAME_T[.N].part`, in the archive folder |
| an archive | `NAME_T[_N].log.gz` |
| a backup before a restart | `NAME_T[_N].before-restart.log` |
| half an archive, half a backup | the same with `.part` |

`N` counts from 2 when there is more than one in a second. The digits are of a fixed number, so the files of
another target whose name begins alike (`bot` and `bot_20260105`) never match.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

_STAMP = "%Y%m%d_%H%M%S"
_NUMBERS = 1000
"""More files than this in one second are refused, by whoever asks for the next name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a name is made: `before` NAME `joint` T [`numbered` N] `after`."""

    before: str
    joint: str
    numbered: str
    after: str

    @property
    def half(self) -> Kind:
        """The same while it is being made."""
        return replace(self, after=self.after + ".part")


RENAMED = Kind("", ".", ".", "")
COPIED = Kind(".", "_", ".", ".part")
ARCHIVE = Kind("", "_", "_", ".log.gz")
BACKUP = Kind("", "_", "_", ".before-restart.log")


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """A name of ours, taken apart; the older sorts first. `at`: seconds since 1970."""

    stamp: str
    number: int
    name: str
    at: float


def stamp(wall: float) -> str:
    """Local time of so many seconds since 1970."""
    return time.strftime(_STAMP, time.localtime(wall))


def names(kind: Kind, name: str, at: str) -> Iterator[str]:
    """Names for the second `at`, the plainest first."""
    start = f"{kind.before}{name}{kind.joint}{at}"
    yield start + kind.after
    for number in range(2, _NUMBERS):
        yield f"{start}{kind.numbered}{number}{kind.after}"


def ours(kind: Kind, name: str, found: Iterable[str]) -> list[Named]:
    """Those among the names found that were made for this name, the oldest first."""
    start, numbered, after = map(re.escape, (f"{kind.before}{name}{kind.joint}", kind.numbered, kind.after))
    shape = re.compile(rf"{start}(\d{{8}}_\d{{6}})(?:{numbered}([2-9]|[1-9]\d{{1,2}}))?{after}", re.ASCII)
    matches = (match for text in found if (match := shape.fullmatch(text)))
    return sorted(
        Named(match[1], int(match[2] or 1), match[0], at)
        for match in matches
        if (at := _seconds(match[1])) is not None
    )


def _seconds(at: str) -> float | None:
    """Seconds since 1970 of a local time; None when it is no time."""
    date, clock = at.split("_")
    parts = (date[:4], date[4:6], date[6:], clock[:2], clock[2:4], clock[4:])
    try:
        return datetime(*map(int, parts)).timestamp()  # type: ignore[arg-type]  # noqa: DTZ001 - local
    except (ValueError, OverflowError):
        return None
