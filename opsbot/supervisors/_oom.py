"""Whether the kernel killed a process for want of memory."""

from __future__ import annotations

import os
import re
from pathlib import Path

KMSG = Path("/dev/kmsg")
LIKELY = "probably out of memory: the kernel has killed for want of it meanwhile"
_RECORD_BYTES = 8192  # one record a read (Documentation/ABI/testing/dev-kmsg)
_KILLED = re.compile(r"out of memory: Killed process (\d+) ", re.IGNORECASE)


def cause(pid: int, oom_kills: int, kmsg: Path = KMSG) -> str:
    """Text for a process that died of SIGKILL; empty when memory was not why.

    `oom_kills`: how many kills the kernel counted while it ran. Which process each was for stands in the
    kernel's log, where that may be read.
    """
    if oom_kills <= 0:
        return ""
    killed = _killed(kmsg)
    if killed is None:
        return LIKELY
    return "out of memory: killed by the kernel" if pid in killed else ""


def _killed(kmsg: Path) -> set[int] | None:
    """Pids in the kernel's log, None when it may not be read."""
    try:
        fd = os.open(kmsg, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    found: set[int] = set()
    try:
        while True:
            try:
                record = os.read(fd, _RECORD_BYTES)
            except BrokenPipeError:  # overwritten while we read: the next one is there
                continue
            if not record:
                return found
            found |= {int(pid) for pid in _KILLED.findall(record.decode(errors="replace"))}
    except OSError:  # EAGAIN: that was the last one
        return found
    finally:
        os.close(fd)
