"""Writes to a log what it is told to: `pen.py LOG MODE`, one line of standard input after the other.

MODE: `append` and `overwrite` say how it opens the log; `reopen` appends and opens it anew on SIGUSR1;
`watched` is Python's WatchedFileHandler. It says `ready`, then `done` after each line. `\\` at the end of an
input line: the line of the log is not ended yet.
"""

import logging.handlers
import os
import signal
import sys
from collections.abc import Callable


def raw(log: str, flags: int) -> Callable[[str], object]:
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | flags, 0o640)

    def reopen(*_: object) -> None:
        fresh = os.open(log, os.O_WRONLY | os.O_CREAT | flags, 0o640)
        os.dup2(fresh, fd)
        os.close(fresh)

    signal.signal(signal.SIGUSR1, reopen)
    return lambda text: os.write(fd, text.encode())


def watched(log: str) -> Callable[[str], object]:
    handler = logging.handlers.WatchedFileHandler(log)
    handler.terminator = ""
    logger = logging.Logger("pen")
    logger.addHandler(handler)
    return logger.info


def main(log: str, mode: str) -> None:
    flags = 0 if mode == "overwrite" else os.O_APPEND
    write = watched(log) if mode == "watched" else raw(log, flags)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        write(line[:-2] if line.endswith("\\\n") else line)
        sys.stdout.write("done\n")
        sys.stdout.flush()


main(*sys.argv[1:])
