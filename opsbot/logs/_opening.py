"""Opens a log file, and nothing that only looks like one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from opsbot.errors import OpsbotError

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW
_NO_LOGS = (Path("/proc"), Path("/sys"), Path("/dev"))
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class LogMissing(OpsbotError):
    """There is no file at that path."""


class LogRefused(OpsbotError):
    """There is something at that path that is not read, and the message says why."""


def open_log(path: Path) -> int:
    """A descriptor of the regular file at `path`, open for reading.

    A symbolic link is followed only to a file in the link's own folder or below it: whoever may write a
    log must not be able to point opsbot, which may be allowed more, at other people's files.

    Raises:
        LogMissing: there is none.
        LogRefused: no permission, a link to elsewhere, or no regular file.
    """
    try:
        real = _inside(path)
        descriptor = os.open(real, _FLAGS)
    except FileNotFoundError:
        raise LogMissing(f"{path} does not exist (yet)") from None
    except OSError as error:
        raise LogRefused(_why(path, error)) from None
    kind = _kind(os.fstat(descriptor).st_mode)
    if kind:
        os.close(descriptor)
        raise LogRefused(f"{path} is {kind}, not a file: name the log file itself")
    if not _still_inside(descriptor, real):
        os.close(descriptor)
        raise LogRefused(f"{path} was exchanged for a file of another folder while it was opened")
    return descriptor


def _inside(path: Path) -> Path:
    folder = path.parent.resolve()
    real = path.resolve(strict=True)
    if any(real.is_relative_to(root) for root in _NO_LOGS):
        raise LogRefused(f"{path} is in {real.parts[1]}, where no log is")
    if not real.is_relative_to(folder):
        raise LogRefused(f"{path} is a link to a file outside of its folder: name that file itself")
    return real


def _still_inside(descriptor: int, real: Path) -> bool:
    """Whether the opened file lies where the path led: a folder on the way may have been exchanged for a link
    in between. A file that was renamed in its folder meanwhile is still the one that was meant."""
    try:
        opened = Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:  # no /proc
        return True
    return opened.parent == real.parent


def _why(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{path} may not be read by opsbot's user: give that user read permission"
    if isinstance(error, NotADirectoryError):
        return f"{path} goes through something that is not a folder"
    return f"{path} cannot be opened: {error.strerror}"


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return ""
    return next((name for test, name in _KINDS if test(mode)), "no regular file")
