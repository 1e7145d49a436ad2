"""The folder with files that belong to incidents, and bundles while they are made.

It is opsbot's alone (0700), and so is each file (0600, made by us, never one that was there). A file is made
under a name that nobody can guess and gets its own when it is whole: what has a real name is never half.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from opsbot.domain.diagnostics import BundlePolicy
from opsbot.errors import OpsbotError

NAME = "attachments"
"""Of the folder in the state directory."""

MAKING = ".making-"
"""How names of files begin that are not whole yet, or not taken by who asked for them."""

OURS = ("diagnostics_", "metrics_")
"""How names of files begin that are tidied here; what else belongs to incidents is others'."""

STALE = 3600.0
"""Seconds after which such a file was left behind."""

TRIES = 100
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NoPlace(OpsbotError):
    """The file cannot be kept: one clause that says why."""


@dataclass(frozen=True, slots=True)
class Attachments:
    """All methods work at once and may block: they are for threads."""

    folder: Path

    def new(self) -> tuple[str, int]:
        """A new file under a name of its own, open for reading and writing.

        Raises:
            NoPlace: it cannot be made.
        """
        with self._open() as folder:
            name = MAKING + secrets.token_hex(16)
            return name, os.open(name, _NEW, 0o600, dir_fd=folder)

    def keep(self, made: str, wanted: str) -> str:
        """Gives a whole file its name, and returns that: one that is taken gets a neighbour ("…_2.tar.gz").

        Raises:
            NoPlace: it cannot.
        """
        stem, dot, ends = wanted.partition(".")
        with self._open() as folder:
            for number in range(1, TRIES):
                name = wanted if number == 1 else f"{stem}_{number}{dot}{ends}"
                with suppress(FileExistsError):
                    os.link(made, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
                    os.unlink(made, dir_fd=folder)
                    return name
        raise NoPlace(f"there are too many files called {wanted}")

    def read(self, name: str, most: int) -> bytes:
        """A whole file.

        Raises:
            NoPlace: it is not there, is no file of opsbot's, or has more than `most` bytes.
        """
        with self._open() as folder, os.fdopen(os.open(_plain(name), _OLD, dir_fd=folder), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                raise NoPlace(f"{name} is no file of opsbot's")
            if status.st_size > most:
                raise NoPlace(f"{name} is larger than {most:,} bytes")
            return file.read(most)

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        with suppress(FileNotFoundError), self._open() as folder:
            os.unlink(_plain(name), dir_fd=folder)

    def tidy(self, policy: BundlePolicy, now: float | None = None) -> int:
        """Removes what is too old, too much or left behind, the oldest first; returns how many."""
        now = time.time() if now is None else now
        gone, count, size = 0, 0, 0
        with self._open() as folder:
            for modified, name, bytes_ in sorted(_files(folder), reverse=True):
                if name.startswith(MAKING):
                    old = now - modified > STALE
                elif name.startswith(OURS):
                    count, size = count + 1, size + bytes_
                    old = now - modified > policy.keep_seconds
                    old |= count > policy.keep or (size > policy.keep_bytes and count > 1)
                else:
                    continue
                if old:
                    with suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=folder)
                        gone += 1
        return gone

    @contextmanager
    def _open(self) -> Iterator[int]:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            folder = os.open(self.folder, _FOLDER)
        except OSError as error:
            raise NoPlace(f"the folder {self.folder} cannot be used: {error.strerror}") from None
        try:
            status = os.fstat(folder)
            if status.st_uid != os.geteuid():
                raise NoPlace(f"the folder {self.folder} belongs to another user")
            if stat.S_IMODE(status.st_mode) != 0o700:
                os.fchmod(folder, 0o700)
            yield folder
        except FileNotFoundError:
            raise
        except OSError as error:
            raise NoPlace(f"a file in {self.folder} cannot be used: {error.strerror}") from None
        finally:
            os.close(folder)


def _files(folder: int) -> list[tuple[float, str, int]]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    found.append((status.st_mtime, entry.name, status.st_size))
    return found


def _plain(name: str) -> str:
    if not name or "/" in name or name in (".", ".."):
        raise NoPlace(f"{name!r} is no name of a file")
    return name
