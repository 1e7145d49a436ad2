"""Files that belong to lines of a timeline: in one folder of the state directory, by their names alone."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from opsbot.domain.diagnostics import UPLOAD
from opsbot.draw.payload import File
from opsbot.text import bytes_text

WHERE = "it is in the folder “attachments” of opsbot's state directory"
"""Where a file is that does not come along."""

_HOW = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ODD = re.compile(r"[^A-Za-z0-9._-]")


class NoFile(Exception):
    """It cannot come along; the text is a clause for people."""


def load(folder: Path | None, name: str) -> File:
    """One file of `folder`; reads it, so it belongs in a thread. A name is never a path, and no link leads
    out of the folder.

    Raises:
        NoFile: there is none that could be sent.
    """
    if folder is None or not name or name.startswith(".") or any(char in name for char in "/\\\0"):
        raise NoFile("there is no such file")
    try:
        with os.fdopen(os.open(folder / name, _HOW), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise NoFile("it is no plain file")
            content = file.read(UPLOAD + 1) if found.st_size <= UPLOAD else b""
    except OSError as error:
        raise NoFile(f"it cannot be read ({error.strerror or 'no reason given'})") from error
    size = max(found.st_size, len(content))
    if size > UPLOAD:
        raise NoFile(f"it has {bytes_text(size)}, and Discord takes {bytes_text(UPLOAD)}; {WHERE}")
    return File(_ODD.sub("_", name), content)
