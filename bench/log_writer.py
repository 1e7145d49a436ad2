"""A service that has much to tell: numbered lines as fast as it can, until SIGTERM.

Run as `log_writer.py KIND LOG NOTES`. At its end it leaves in NOTES the moment before each write
(CLOCK_BOOTTIME, an array of doubles); a write has as many lines as the kind says.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import signal
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path

TEXT = "a line of a service that has much to tell"

RECORD = 20
"""Lines of one record of `logging` (as a traceback has), of which Python makes some 20,000 a second."""

Emit = Callable[[str], object]


def to_stdout(_log: str) -> Emit:
    return lambda text: os.write(1, text.encode())


def by_handler(handler: logging.Handler) -> Emit:
    handler.terminator = ""  # type: ignore[attr-defined]  # the text brings its own
    logger = logging.Logger("service", logging.INFO)
    logger.addHandler(handler)
    return logger.info


def by_descriptor(log: str, flags: int) -> Emit:
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | flags, 0o644)

    def reopen(*_: object) -> None:
        fresh = os.open(log, os.O_WRONLY | os.O_CREAT | flags, 0o644)
        os.dup2(fresh, fd)
        os.close(fresh)

    signal.signal(signal.SIGUSR1, reopen)
    return lambda text: os.write(fd, text.encode())


KINDS: dict[str, tuple[int, Callable[[str], Emit]]] = {
    "stdout": (RECORD, to_stdout),
    "file": (RECORD, lambda log: by_handler(logging.FileHandler(log))),
    "watched": (RECORD, lambda log: by_handler(logging.handlers.WatchedFileHandler(log))),
    "signal": (1, lambda log: by_descriptor(log, os.O_APPEND)),
    "appending": (1, lambda log: by_descriptor(log, os.O_APPEND)),
    "overwriting": (1, lambda log: by_descriptor(log, 0)),
}
"""Lines of a write, and what makes the writer."""


def lines(first: int, count: int) -> str:
    return "".join(f"{number:010d} {TEXT}\n" for number in range(first, first + count))


def main(kind: str, log: str, notes: str) -> None:
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    count, make = KINDS[kind]
    emit, stamps, number = make(log), array("d"), 0
    while not ended:
        text = lines(number, count)
        stamps.append(time.clock_gettime(time.CLOCK_BOOTTIME))
        emit(text)
        number += count
    Path(notes + ".half").write_bytes(stamps.tobytes())
    Path(notes + ".half").rename(notes)


if __name__ == "__main__":
    main(*sys.argv[1:])
