"""Tells whoever writes a log that it was renamed; never a process that only got its pid."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from opsbot.domain.process import ProcessId, Running

_KEEPER = b"/_keeper/__main__.py"
"""Stands in the command line of every keeper (`opsbot.supervisors._keeper`)."""

_START_TICKS = 19  # field 22 of /proc/PID/stat (proc(5)), counted behind the name


def tell_keeper(running: Running) -> bool:
    """Whether the target's keeper was told to finish the file it has open."""
    return _send(running.keeper_pid, signal.SIGHUP, _is_keeper)


def tell_target(process: ProcessId, number: signal.Signals, boot_id: str) -> bool:
    """Whether the target was told. Raises PermissionError."""
    return _send(process.pid, number, lambda pid: ProcessId(boot_id, pid, _start_ticks(pid)) == process)


def _send(pid: int, number: signal.Signals, is_meant: Callable[[int], bool]) -> bool:
    """Looks at the process once it is held by a descriptor: from then on the pid cannot be another's."""
    if not pid or not hasattr(os, "pidfd_open"):  # macOS: it notices by itself, later
        return False
    try:
        fd = os.pidfd_open(pid)
    except OSError:  # it has ended
        return False
    try:
        if not is_meant(pid):
            return False
        signal.pidfd_send_signal(fd, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)
    return True


def _is_keeper(pid: int) -> bool:
    try:
        return _KEEPER in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _start_ticks(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[_START_TICKS])
    except (OSError, IndexError):
        return 0
