"""Tells at once when a process ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable


class DeathWatch:
    """A pidfd of one process: it becomes readable in the moment the process ends (Linux 5.3)."""

    def __init__(self, pid: int, on_death: Callable[[], None]) -> None:
        """Raises OSError when it cannot be watched (gone, or no pidfd here)."""
        if not hasattr(os, "pidfd_open"):
            raise OSError("no pidfd on this system")
        self._on_death = on_death
        self._fd = os.pidfd_open(pid)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._died)

    def _died(self) -> None:
        self.close()
        self._on_death()

    def close(self) -> None:
        """Stops watching; safe to repeat."""
        if self._fd < 0:
            return
        self._loop.remove_reader(self._fd)
        os.close(self._fd)
        self._fd = -1
