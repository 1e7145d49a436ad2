"""Which files hold a log: itself, what was set aside and not packed yet, and the archives."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from opsbot.domain.rotation import LogSpec
from opsbot.errors import UsageError
from opsbot.logs._opening import LogMissing, LogRefused, open_log
from opsbot.rotation._names import ARCHIVE, COPIED, RENAMED, ours


@dataclass(slots=True)
class Source:
    """A file with a part of the log, open. `size` in bytes, as it is on the disk."""

    path: Path
    descriptor: int
    size: int

    @property
    def packed(self) -> bool:
        """Whether it is an archive."""
        return self.path.suffix == ".gz"

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self.descriptor)


@dataclass(slots=True)
class Sources:
    """The files, the newest first, and what is to be said about those that are not among them."""

    files: list[Source]
    notes: list[str]

    def close(self) -> None:
        """Lets go of all of them."""
        for source in self.files:
            source.close()


def sources_of(log: LogSpec, since: float | None) -> Sources:
    """Opens all that may hold lines since then. The live file is opened first: what is set aside from then on
    is what is read through it, and is not read twice.

    Raises:
        UsageError: there is no log and no archive, or opsbot may not read it; with the remedy.
    """
    found = Sources([], [])
    opened = time.time()
    try:
        try:
            found.files.append(_open(log.path))
        except LogMissing as missing:
            found.notes.append(f"{missing}; what was archived was read.")
        except LogRefused as refused:
            raise UsageError(f"{refused}.") from None
        inode = _inode(found.files[0]) if found.files else None
        _add(found, log.path.parent, _asides(log), since, opened)
        _add(found, log.archive_dir, _archives(log, found.notes), since, opened)
        for twice in [source for source in found.files[1:] if _inode(source) == inode]:
            found.files.remove(twice)
            twice.close()
    except BaseException:
        found.close()
        raise
    if not found.files and not _any(log):
        raise UsageError(f"There is no log: {log.path} does not exist (yet), and nothing of it is archived.")
    return found


def _add(
    found: Sources, folder: Path, named: list[tuple[float, str]], since: float | None, opened: float
) -> None:
    for at, name in reversed(named):
        if at > opened or (since is not None and at + 1 < since):  # a name has whole seconds
            continue
        try:
            found.files.append(_open(folder / name))
        except LogMissing:  # removed in between, for it was too old
            continue
        except LogRefused as refused:
            found.notes.append(f"{refused}; it was left out.")


def _open(path: Path) -> Source:
    descriptor = open_log(path)
    return Source(path, descriptor, os.fstat(descriptor).st_size)


def _inode(source: Source) -> tuple[int, int]:
    status = os.fstat(source.descriptor)
    return status.st_dev, status.st_ino


def _asides(log: LogSpec) -> list[tuple[float, str]]:
    try:
        return [(one.at, one.name) for one in ours(RENAMED, log.path.name, os.listdir(log.path.parent))]  # noqa: PTH208
    except OSError:
        return []


def _archives(log: LogSpec, notes: list[str]) -> list[tuple[float, str]]:
    try:
        there = os.listdir(log.archive_dir)  # noqa: PTH208 - names are enough
        return sorted((one.at, one.name) for kind in (ARCHIVE, COPIED) for one in ours(kind, log.name, there))
    except FileNotFoundError:  # nothing was rotated so far
        return []
    except OSError as error:
        notes.append(f"The archives in {log.archive_dir} cannot be read ({error.strerror}): left out.")
        return []


def _any(log: LogSpec) -> bool:
    return bool(_asides(log) or _archives(log, []))
