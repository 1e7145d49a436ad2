"""How much may be read, and whether anybody still waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from opsbot.errors import OpsbotError
from opsbot.text import bytes_text, seconds_text


class Spent(OpsbotError):
    """No more is read; the message says why."""


class Cancelled(OpsbotError):
    """Nobody waits for the answer any more."""


class Budget:
    """Seconds from now on, and bytes. `tell`: called with what was read of the files so far. `notes`: what
    was left out, a sentence each."""

    def __init__(
        self,
        seconds: float,
        most_bytes: int,
        tell: Callable[[int], None] = lambda _: None,
        stop: threading.Event | None = None,
    ) -> None:
        self.read = 0
        self.notes: list[str] = []
        self._seconds, self._most = seconds, most_bytes
        self._deadline = time.monotonic() + seconds
        self._tell, self._stop = tell, stop or threading.Event()
        self._files = 0

    def spend(self, unpacked: int, of_file: int) -> None:
        """So much more was read: `unpacked` bytes of text from `of_file` bytes of a file.

        Raises:
            Spent: that is all that may be read.
            Cancelled: nobody waits.
        """
        self.read += unpacked
        self._files += of_file
        self._tell(self._files)
        if self._stop.is_set():
            raise Cancelled("cancelled")
        if self.read > self._most:
            raise Spent(f"reading was cut off after {bytes_text(self._most)}")
        if time.monotonic() > self._deadline:
            raise Spent(f"reading was cut off after {seconds_text(self._seconds)}")

    def begin(self, name: str, size: int, low: int) -> int:
        """Where to begin in a file of `size` bytes so that its end may still be read, if not at `low`."""
        first = size - max(0, self._most - self.read)
        if first > low:
            self.notes.append(f"Of {name} only the last {bytes_text(size - first)} were read.")
        return first
