"""The port of log rotation: one target's log, set aside, compressed, pruned; and backed up before a restart.

How a log can be set aside without loss depends on who writes it. The first way that fits is taken:

1. `KEEPER`: opsbot's keeper writes it. Renamed between two writes; the keeper goes on in a fresh file.
2. `REOPEN`: the writer reopens by itself (`WatchedFileHandler`) or on a signal. Renamed, reopened, and the
   old file is finished once nobody writes to it any more.
3. `COLLAPSE`: every writer's descriptor is proven to be O_APPEND (`/proc/PID/fdinfo`), and the file system
   can cut the head off a file (fallocate(2), FALLOC_FL_COLLAPSE_RANGE). The head is copied, then cut off.
4. `TRUNCATE`: anything else. Copied, then truncated: what is written between the last read and the cut is
   lost, so that window is measured and told.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from opsbot.clock import Clock
from opsbot.domain.process import Running
from opsbot.domain.rotation import LogSpec as LogSpec
from opsbot.errors import RotationError


class TooSmall(RotationError):
    """There is too little in the log to be set aside without loss; when it has grown it can be."""


class Way(StrEnum):
    """How a log is set aside, see the module's docstring."""

    KEEPER = "keeper"
    REOPEN = "reopen"
    COLLAPSE = "collapse"
    TRUNCATE = "truncate"


class Stillness(Protocol):
    """While the context of `Follows.still` lasts, opsbot's own followers do not read the file."""

    def cut(self, bytes_: int, copy: int = -1) -> None:
        """So many bytes were cut off the head of the file: followers that were at byte N are at N - bytes.

        `copy`: descriptor of a file that ends with these bytes; a follower that had not read all of them (the
        target wrote on until the cut) reads the rest there. To be called after every change of the head, with
        0 bytes when nothing moved.
        """


class Follows(Protocol):
    """What rotation asks of opsbot's own readers of a log, so that they count every line exactly once."""

    def still(self, path: Path) -> AbstractAsyncContextManager[Stillness]:
        """Reads everything up to the end, then holds all reading of the file until the context ends."""


@dataclass(frozen=True, slots=True)
class RotationContext:
    """What a rotator needs of the rest. `running`: the target as it runs now, or None."""

    clock: Clock
    running: Callable[[], Running | None]
    follows: Follows


@dataclass(frozen=True, slots=True)
class Plan:
    """How the log will be set aside. `size`: bytes it has now; `why`: what made it this way, for people
    (`its stdout is opsbot's`, `every writer appends, ext4 can cut`); `warning`: what may be lost, else
    empty."""

    way: Way
    size: int
    why: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Aside:
    """A log that was set aside and is not compressed yet. `window`: seconds in which written lines may be
    lost (0 unless TRUNCATE); `busy`: a writer still has it open, so that it cannot be finished yet."""

    path: Path
    size: int
    window: float = 0.0
    busy: str = ""


@dataclass(frozen=True, slots=True)
class Archived:
    """A finished archive; sizes in bytes."""

    path: Path
    size: int
    compressed: int


class Rotator(Protocol):
    """One target's log. Blocking work is done elsewhere than in the loop; all methods may be cancelled."""

    spec: LogSpec

    async def size(self) -> int | None:
        """Bytes of the log now, None when there is none.

        Raises:
            RotationError: it is no file that is rotated (a link, a directory, …).
        """

    async def plan(self) -> Plan:
        """
        Raises:
            RotationError: it must not be rotated (a symbolic link, a hard link, a FIFO, a folder that others
                may write to, rotated by somebody else already, not there), with the remedy.
        """

    async def set_aside(self, plan: Plan) -> Aside:
        """The log's content becomes a file of its own; the target writes on. Whatever fails (disk full)
        leaves the log as it was.

        Raises:
            RotationError: it could not be done; nothing was lost.
        """

    async def asides(self) -> list[Aside]:
        """What earlier rotations set aside and did not finish (opsbot was killed, a writer was busy)."""

    async def compress(self, aside: Aside, progress: Callable[[float], None]) -> Archived:
        """Compresses it into the archive folder at low priority, never over an existing file; then the aside
        goes. `progress`: part done, 0 to 1. Disk full removes the half archive and keeps the aside.

        Raises:
            RotationError: it could not be done; the aside stays.
        """

    async def prune(self, keep: int | None = None) -> list[Path]:
        """Removes archives over the count or over the age; returns them. `keep`: instead of the spec's."""

    async def backup(self) -> str:
        """Before a restart: keeps the log's content under another name (reflink or hard link, no copy of
        gigabytes); says in one clause how and where.

        Raises:
            RotationError: it could not be done.
        """

    async def close(self) -> None:
        """Lets go of everything; a running compression is stopped and its half archive removed."""
