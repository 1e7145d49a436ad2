"""The FIFO that carries the target's output, and the log file at its end."""

from __future__ import annotations

import fcntl
import os

from opsbot.supervisors._keeper.channel import Orders
from opsbot.supervisors._keeper.files import CHUNK
from opsbot.supervisors._keeper.log import Log

PIPE_BYTES = 1024 * 1024
"""Room for what the target writes while the disk is slow; Linux lets everybody have 1 MiB (pipe(7))."""

LAST_BYTES = 8 * 1024 * 1024
"""So much is still read after the target's end, for its survivors may write for ever."""

F_SETPIPE_SZ = 1031


class Output:
    """Moves what the target writes to its log."""

    def __init__(self, orders: Orders) -> None:
        self.path: str = orders["directory"] + "/output.fifo"
        self.log = Log(orders["log"], orders["log_cap"], orders["log_owner"])
        self.fifo = -1
        self.owner: tuple[int, int] = (orders["uid"], orders["gid"])

    def open(self) -> None:
        try:
            os.mkfifo(self.path, 0o600)
        except FileExistsError:
            pass
        self.fifo = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        if self.owner[0] >= 0:
            os.fchown(self.fifo, *self.owner)  # for programs that open /dev/stdout
        try:
            fcntl.fcntl(self.fifo, F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:  # less is enough
            pass
        self.log.try_open()

    def pump(self) -> bool:
        """Moves one chunk; False when there was none."""
        try:
            data = os.read(self.fifo, CHUNK)
        except BlockingIOError:
            return False
        self.log.write(data)
        return True

    def finish(self) -> None:
        """Moves what is left."""
        for _ in range(LAST_BYTES // CHUNK):
            if not self.pump():
                return
