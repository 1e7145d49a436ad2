"""What the keeper hears, and what it does not."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` would import enum: 5 ms, 1 MB
import os
import sys

PR_SET_CHILD_SUBREAPER = 36

HEARD = ("SIGCHLD", "SIGHUP")
IGNORED = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGPOLL")
"""What people send to a program that they take for another; each would end it."""


def become_subreaper() -> None:
    """Orphans of the target come to us instead of to init (prctl(2)); Linux only."""
    if sys.platform != "linux":
        return
    try:  # what `ctypes` stands on, at a tenth of its price
        import _ctypes

        itself = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # the program itself (dlopen(3))
        prctl = _ctypes.dlsym(itself, "prctl")
        _ctypes.call_function(prctl, (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    except (ImportError, AttributeError, TypeError, OSError):  # a Python that keeps it elsewhere
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wake_on_signals() -> int:
    """A descriptor that becomes readable with each SIGCHLD and SIGHUP. What ends other programs does not end
    a keeper: it leaves when its target does."""
    out, into = os.pipe()
    for fd in (out, into):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(into)
    for name in HEARD:
        signal.signal(getattr(signal, name), lambda *_: None)
    for name in IGNORED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    return out
