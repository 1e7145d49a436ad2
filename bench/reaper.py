"""A parent as a good init is: `python -m bench.reaper COMMAND …` takes orphans in and reaps them at once.

Where the machine's own init is slow to reap, a dead service stays a zombie for a while, and Monit waits until
it is none; that would be no fair comparison.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""


def take_in_orphans() -> None:
    """Orphans among the descendants of this process become its children (prctl(2))."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def main() -> None:
    take_in_orphans()
    process = subprocess.Popen(sys.argv[1:])

    def pass_on(number: int, _: Any) -> None:
        os.kill(process.pid, number)

    signal.signal(signal.SIGTERM, pass_on)
    while os.wait()[0] != process.pid:
        pass


if __name__ == "__main__":
    main()
