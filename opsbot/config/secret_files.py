"""Secrets that stand in files of their own (`token_file`, `webhook_url_file`, …)."""

from __future__ import annotations

import os
import stat

MAX_SECRET_BYTES = 64 * 1024
"""Largest secret file: far above any token or key."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""Permissions of group and others: none may be given (a secret file is 0600 or 0400)."""


class SecretUnreadable(Exception):
    """Why a secret file is not used: one sentence with the remedy."""


def read_secret(path: str | os.PathLike[str]) -> str:
    """The text of a secret file without its line end.

    The permissions are read from the open file, so nothing can be swapped in between.

    Raises:
        SecretUnreadable: missing, not a regular file, open to others, empty or too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SecretUnreadable(f"the file {path} cannot be read: {reason}.") from None
    try:
        _check(os.fstat(descriptor), path)
        raw = os.read(descriptor, MAX_SECRET_BYTES + 1)
    finally:
        os.close(descriptor)
    return _text(raw, path)


def _check(status: os.stat_result, path: str | os.PathLike[str]) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretUnreadable(f"{path} is not a regular file.")
    if status.st_mode & OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        raise SecretUnreadable(
            f"the file {path} is open to others (mode {mode:04o}): run `chmod 600 {path}`."
        )


def _text(raw: bytes, path: str | os.PathLike[str]) -> str:
    if len(raw) > MAX_SECRET_BYTES:
        raise SecretUnreadable(f"the file {path} is too large for a secret.")
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise SecretUnreadable(f"the file {path} is not UTF-8 text.") from None
    if not text:
        raise SecretUnreadable(f"the file {path} is empty.")
    return text
