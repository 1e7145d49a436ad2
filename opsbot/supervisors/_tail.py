"""The newest lines of a file, however long it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

TAIL_BYTES = 256 * 1024
"""At most so much of the end is read, so a tail of a huge file costs no more than one of a small file."""


def tail(path: Path, lines: int) -> list[str]:
    """The last `lines` lines without their ends; fewer where they are very long; none when there is no
    such regular file."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:  # Path.open has no opener
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return []
            start = max(0, status.st_size - TAIL_BYTES)
            file.seek(start)
            data = file.read(TAIL_BYTES)
    except OSError:
        return []
    found = data.decode("utf-8", errors="replace").split("\n")
    if found and not found[-1]:
        found.pop()
    if start and len(found) > 1:
        found = found[1:]  # cut in its middle
    return [line.rstrip("\r") for line in found[-lines:]] if lines > 0 else []


def _without_waiting(path: str, flags: int) -> int:
    """A FIFO must not hold us up."""
    return os.open(path, flags | os.O_NONBLOCK)
