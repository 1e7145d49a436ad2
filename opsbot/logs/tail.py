"""The newest lines of a file, however long it is."""

from __future__ import annotations

import os
from pathlib import Path

from opsbot.logs._opening import LogMissing, LogRefused, open_log

TAIL_BYTES = 256 * 1024
"""At most so much of the end is read, so a tail of a huge file costs no more than one of a small file."""


def tail(path: Path, lines: int) -> list[str]:
    """The last `lines` lines without their ends; fewer where they are very long; none when there is no
    such log: what these lines are shown to may not read every file that opsbot may."""
    try:
        with open(open_log(path), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            start = max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES)
            file.seek(start)
            data = file.read(TAIL_BYTES)
    except (LogMissing, LogRefused, OSError):
        return []
    found = data.decode("utf-8", errors="replace").split("\n")
    if found and not found[-1]:
        found.pop()
    if start and len(found) > 1:
        found = found[1:]  # cut in its middle
    return [line.rstrip("\r") for line in found[-lines:]] if lines > 0 else []
