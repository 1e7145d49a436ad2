"""Whether opsbot has file descriptors left: without them it sees nothing, and must not take that for news."""

from __future__ import annotations

import errno
import os
import resource

FEW = 8
"""So many must be left: a look takes a few, and gives them back when it fails for want of one more."""

STDERR = 2


def exhausted() -> str:
    """What is wrong, for people; empty when there are enough."""
    taken: list[int] = []
    try:
        while len(taken) < FEW:
            taken.append(os.dup(STDERR))
    except OSError as error:
        return _sentence(error.errno)
    finally:
        for descriptor in taken:
            os.close(descriptor)
    return ""


def _sentence(code: int | None) -> str:
    if code == errno.ENFILE:
        return "the machine has no file descriptors left, so opsbot sees nothing: raise fs.file-max"
    if code == errno.EMFILE:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return f"opsbot has no file descriptors left, so it sees nothing: raise its limit (nofile) of {limit}"
    return ""  # stderr is closed: that says nothing about descriptors
