"""What is told when a file could not be written."""

from __future__ import annotations

import os
from pathlib import Path

from opsbot.rotation._safe import FULL
from opsbot.text import bytes_text


def no_room(error: OSError, folder_fd: int, folder: Path, needed: int) -> str:
    """A clause for a person. `needed`: bytes, at a guess."""
    why = error.strerror or str(error)
    if error.errno not in FULL:
        return f"{folder} cannot be used ({why})."
    return (
        f"{folder} has no room for it ({why}; about {bytes_text(needed)} are needed"
        f"{_free(folder_fd)}): free some, or name another folder with "
        f"`rotate.archive_dir`."
    )


def _free(folder_fd: int) -> str:
    try:
        found = os.fstatvfs(folder_fd)
    except OSError:
        return ""
    return f", {bytes_text(found.f_bavail * found.f_frsize)} are free"
