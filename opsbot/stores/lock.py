"""The state directory and its lock: one opsbot at a time writes there.

Standard library only: the command line imports this on every call.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from pathlib import Path
from types import TracebackType

from opsbot.errors import StateLocked, UsageError

LOCK_NAME = "opsbot.lock"

_POLL_SECONDS = 0.02
_NOT_OURS = stat.S_IWGRP | stat.S_IWOTH


def prepare_directory(directory: Path) -> None:
    """Makes the state directory (0700) when it is missing, and checks whose it is when it is there.

    Raises:
        UsageError: it cannot be made, is no directory, belongs to another user, or others may write there.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat()
    except OSError as error:
        raise UsageError(
            f"The state directory {directory} cannot be made ({error.strerror}): "
            f"name one that you may write with `state_dir`."
        ) from error
    if found.st_uid != os.geteuid():
        raise UsageError(
            f"The state directory {directory} belongs to the user with uid {found.st_uid}, and opsbot runs "
            f"as uid {os.geteuid()}: run it as that user, or name another directory with `state_dir`."
        )
    if found.st_mode & _NOT_OURS:
        raise UsageError(
            f"The state directory {directory} can be written by other users "
            f"(mode {stat.S_IMODE(found.st_mode):04o}): run `chmod 700 {directory}`."
        )


class StateLock:
    """Holds a state directory until released or the process ends, however it ends (flock(2)).

    The file stays behind when released: removing it would let two processes hold two files of one name.
    """

    def __init__(self, directory: Path, descriptor: int) -> None:
        self.directory = directory
        self._descriptor = descriptor

    @classmethod
    def hold(cls, directory: Path, *, patience: float = 0.0) -> StateLock:
        """Takes the lock; a holder that is about to finish is waited for `patience` seconds (blocking).

        Raises:
            StateLocked: another process holds it; with its pid.
            UsageError: the directory cannot be used.
        """
        prepare_directory(directory)
        descriptor = _open(directory / LOCK_NAME)
        try:
            _take(descriptor, directory, time.monotonic() + patience)
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(directory, descriptor)

    def release(self) -> None:
        """Lets the next one in; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def __enter__(self) -> StateLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise UsageError(
            f"The lock {path} cannot be opened ({error.strerror}): make the state directory writable, "
            f"or name another one with `state_dir`."
        ) from error


def _take(descriptor: int, directory: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise StateLocked(str(directory), _holder(descriptor)) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _holder(descriptor: int) -> int:
    """The pid in the file; 0 when the holder has not written it yet."""
    for _ in range(5):
        text = os.pread(descriptor, 32, 0).strip()
        if text.isdigit():
            return int(text)
        time.sleep(_POLL_SECONDS)
    return 0
