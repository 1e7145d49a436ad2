"""A file that has its name only when it is whole."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from opsbot.errors import RotationError
from opsbot.rotation._listing import present
from opsbot.rotation._names import Kind, names
from opsbot.rotation._safe import create_in, open_in, rename_new, same, stat_in, unlink_in


class Half:
    """A new file with `.part` at the end of its name, locked (flock(2)) as long as somebody works on it: one
    that nobody has locked is what a killed opsbot left.

    `like`: the log, whose owner and readers it gets. All methods may raise OSError.
    """

    def __init__(self, folder_fd: int, kind: Kind, name: str, at: str, like: os.stat_result) -> None:
        self._folder_fd, self._like = folder_fd, like
        self._names = names(kind, name, at)
        self.fd, self.name, self._part = -1, "", ""
        while self.fd < 0:
            self._try(self._next_free())

    def publish(self) -> str:
        """Gives it its name, or the next that is free, never over another file; says which."""
        while True:
            try:
                rename_new(self._folder_fd, self._part, self.name)
            except FileExistsError:
                self.name = self._next_free()
            else:
                self._part = ""
                return self.name

    def close(self) -> None:
        """Removes it unless it was published."""
        if self.fd < 0:
            return
        if self._part:
            unlink_in(self._folder_fd, self._part, os.fstat(self.fd))
        os.close(self.fd)
        self.fd = -1

    def second(self) -> int:
        """Another descriptor of it, without the lock: for a process that may outlive this one."""
        return open_in(self._folder_fd, self._part, os.O_WRONLY | os.O_APPEND)

    def _next_free(self) -> str:
        for name in self._names:
            if stat_in(self._folder_fd, name) is None:
                return name
        raise RotationError("There are a thousand archives of this second already: remove those not needed.")

    def _try(self, name: str) -> None:
        part = name + ".part"
        with suppress(FileExistsError):  # another opsbot is at it
            fd = create_in(self._folder_fd, part, self._like)
            if lock(fd) and same(os.fstat(fd), stat_in(self._folder_fd, part)):
                self.fd, self.name, self._part = fd, name, part
            else:  # another opsbot took it for a left one before it was locked
                os.close(fd)


def lock(fd: int) -> bool:
    """Whether it could be locked for as long as the descriptor is open; on a file system that has no locks,
    or none for this descriptor, nobody else is taken to be at it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # as of NFS for a descriptor that only reads
        return True
    return True


def sweep(folder_fd: int, kind: Kind, name: str) -> None:
    """Removes the halves that nobody works on any more."""
    for half, _ in present(folder_fd, kind.half, name):
        with suppress(OSError):  # another user's, which opsbot may not even read
            fd = open_in(folder_fd, half.name, os.O_RDWR)
            try:
                if lock(fd):
                    unlink_in(folder_fd, half.name, os.fstat(fd))
            finally:
                os.close(fd)
