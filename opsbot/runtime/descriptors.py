"""Whether opsbot has a file descriptor left: without one it sees nothing, and must not take that for news."""

from __future__ import annotations

import errno
import os
import resource

EXHAUSTED = (errno.EMFILE, errno.ENFILE)

STDERR = 2


def exhausted() -> str:
    """What is wrong, for people; empty when there is a descriptor left."""
    try:
        os.close(os.dup(STDERR))
    except OSError as error:
        if error.errno not in EXHAUSTED:
            return ""  # stderr is closed: nothing is said about descriptors
        if error.errno == errno.ENFILE:
            return "the machine has no file descriptors left, so opsbot sees nothing: raise fs.file-max"
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return f"opsbot has no file descriptors left, so it sees nothing: raise its limit (nofile) of {limit}"
    return ""
