"""Files that belong to lines of a timeline: one folder of the state directory, for this user alone.

A file is there whole or not at all, and nothing is ever written through a link that somebody laid.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDER = "attachments"
"""Its name in the state directory."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_HALF = ".half"
"""What the name of a file ends in that is being written."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Attachments:
    """`state_dir`: in which the folder is, made when it is needed. Its methods block: they belong in a
    thread."""

    state_dir: Path

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.state_dir / FOLDER

    def write(self, name: str, content: bytes) -> None:
        """Puts a file there, in the place of one of that name.

        Raises:
            OSError: it cannot be written, or the folder is no folder of this user's.
            ValueError: it is no plain name.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a file")
        folder = self._open()
        try:
            half = f"{name}{_HALF}"
            with suppress(FileNotFoundError):
                os.unlink(half, dir_fd=folder)
            with os.fdopen(os.open(half, _NEW, 0o600, dir_fd=folder), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
        finally:
            os.close(folder)

    def prune(self, prefix: str, before: float) -> int:
        """Removes files whose names begin so and that were written before `before` (seconds since 1970 UTC);
        returns how many.

        Raises:
            OSError: they cannot be removed.
        """
        if not self.folder.exists():
            return 0
        folder, gone = self._open(), 0
        try:
            with os.scandir(folder) as found:
                old = [each.name for each in found if each.name.startswith(prefix) and _older(each, before)]
            for name in old:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
                    gone += 1
        finally:
            os.close(folder)
        return gone

    def _open(self) -> int:
        """The folder, open: from then on it is this one, whatever becomes of its name."""
        with suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        folder = os.open(self.folder, _DIRECTORY)
        try:
            if os.fstat(folder).st_uid != os.geteuid():
                raise PermissionError(f"{self.folder} belongs to somebody else")
            os.fchmod(folder, 0o700)
        except BaseException:
            os.close(folder)
            raise
        return folder


def _older(file: os.DirEntry[str], before: float) -> bool:
    if not file.is_file(follow_symlinks=False):
        return False
    return file.stat(follow_symlinks=False).st_mtime < before
