"""The three ways to take the head off a log once it is copied, and up to where each can."""

from __future__ import annotations

import os
from typing import Protocol

from opsbot.clock import Clock
from opsbot.errors import RotationError
from opsbot.rotation._copy import HeadCopy
from opsbot.rotation._cut import collapse, punch

_LOOK = 1 << 20
"""Bytes read at once in search of a line's end."""

_LEFT_PART = 4
"""At most a quarter of the log is left in it for the sake of whole lines."""

_STEPS = 10_000
"""Steps (256 KiB) after which a writer is too fast to be caught up with."""

_TORN_LOOKS = 100
"""Looks, of microseconds, that the rest of a line gets: a write that crosses a page is seen in two parts."""


class Cutting(Protocol):
    """One way. `fd`: the log, open for reading and writing. All methods block and may raise OSError."""

    def reach(self, fd: int, copy: HeadCopy) -> int:
        """Up to where the log can be copied now; the copy's end when not further."""

    def cut(self, fd: int, copy: HeadCopy) -> float:
        """Takes off what was copied; returns for how many seconds what was written is lost."""

    def moved(self, copy: HeadCopy) -> int:
        """By how many bytes the rest of the log moved forward."""


class Collapsing:
    """Whole blocks are cut off in one step. Blocks end where they like, so a block is sought that ends with a
    line; where lines are so long that there is none, the line is cut, and half of it is in either file."""

    def __init__(self, block: int) -> None:
        self._block = block

    def reach(self, fd: int, copy: HeadCopy) -> int:
        last = max(0, os.fstat(fd).st_size - 1) // self._block * self._block  # never all of it
        if copy.length:
            return max(copy.end, _line_end(fd, copy.end, last, self._block))
        least = last - (last - copy.start) // _LEFT_PART
        return max(copy.end, _line_end(fd, least, last, self._block) or last)

    def cut(self, fd: int, copy: HeadCopy) -> float:
        collapse(fd, copy.end)
        return 0.0

    def moved(self, copy: HeadCopy) -> int:
        return copy.end


class Punching:
    """For writers that do not append but go on at a place of their own: the head is emptied where it is. It
    takes no room any more and reads as zeros. (Truncating would leave such a writer the same hole, and lose
    what it writes meanwhile.)"""

    def reach(self, fd: int, copy: HeadCopy) -> int:
        size = os.fstat(fd).st_size
        start = max(copy.end, size - _LOOK)
        if end := os.pread(fd, size - start, start).rfind(b"\n") + 1:
            return start + end
        return copy.end if copy.length else size

    def cut(self, fd: int, copy: HeadCopy) -> float:
        punch(fd, copy.end)
        return 0.0

    def moved(self, copy: HeadCopy) -> int:  # noqa: ARG002 - another way's
        return 0


class Truncating:
    """Copied up to the end and emptied at once: what comes in between is lost, and how long that was told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def reach(self, fd: int, copy: HeadCopy) -> int:
        return max(copy.end, os.fstat(fd).st_size)

    def cut(self, fd: int, copy: HeadCopy) -> float:
        torn = 0
        for _ in range(_STEPS):
            begun = self._clock.now().mono
            if copy.step():
                continue
            if torn < _TORN_LOOKS and not copy.ends_line():
                torn += 1
                continue
            os.ftruncate(fd, 0)
            return self._clock.now().mono - begun
        raise RotationError("The log is written to faster than it can be copied: nothing of it is lost.")

    def moved(self, copy: HeadCopy) -> int:
        return copy.end


def _line_end(fd: int, least: int, last: int, block: int) -> int:
    """The last end of a block between the two that is a line's end too; 0 when there is none."""
    least -= least % block
    window = max(block, _LOOK - _LOOK % block)
    place = last
    while place > least:
        start = max(least, place - window)
        ends = os.pread(fd, place - start, start)[block - 1 :: block]
        if (found := ends.rfind(b"\n")) >= 0:
            return start + (found + 1) * block
        place = start
    return 0
