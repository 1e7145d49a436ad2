"""The files that a log was rotated to, in its own folder."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsbot.logs._opening import LogMissing, LogRefused, open_log

HEAD_BYTES = 128
"""Enough to tell two logs apart: their first lines have different times."""

SIBLINGS_LIMIT = 64
"""Renamed logs that are looked at, the newest first: more were hardly written between two looks."""

LISTS = 5
"""Lists of a folder that are made at most until two agree."""

_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_ROTATION_INDEX_MAX = 999  # `app.log.3` is a rotation's number, `app.log.20260105` a date


@dataclass(frozen=True, slots=True)
class Sibling:
    """A renamed log. `modified` in nanoseconds since 1970."""

    path: Path
    device: int
    inode: int
    modified: int
    head: bytes

    @property
    def order(self) -> tuple[int, int, str]:
        """Sorts the older first; among equally old ones `.2` is older than `.1`."""
        number = self.path.name.rpartition(".")[2]
        index = int(number) if number.isdecimal() and len(number) <= len(str(_ROTATION_INDEX_MAX)) else 0
        return (self.modified, -index, self.path.name)


def siblings(path: Path) -> dict[int, Sibling]:
    """The renamed, not packed logs beside `path`, by inode."""
    try:
        newest = sorted(_entries(path), key=_modified, reverse=True)[:SIBLINGS_LIMIT]
    except OSError:
        return {}
    found = (_look(path.parent / entry.name) for entry in newest)
    return {sibling.inode: sibling for sibling in found if sibling}


def _entries(path: Path) -> list[os.DirEntry[str]]:
    """A file that is renamed while a folder is listed may be left out (readdir(3)): until two lists agree."""
    shape, before = _shape(path.name), None
    for _ in range(LISTS):
        found = {entry.inode(): entry for entry in os.scandir(path.parent) if _is_log(entry.name, shape)}
        if before is not None and found.keys() == before.keys():
            break
        before = found
    return list(found.values())


def _is_log(name: str, shape: re.Pattern[str]) -> bool:
    return bool(shape.fullmatch(name)) and not name.endswith(_PACKED)


def _modified(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns
    except OSError:  # renamed or deleted in between
        return 0


def is_same(one: Sibling, other: Sibling | None) -> bool:
    """Whether it is the same file, not another one that got its inode later."""
    if other is None or one.inode != other.inode:
        return False
    return one.modified == other.modified or bool(other.head and one.head.startswith(other.head))


def newer(found: Mapping[int, Sibling], than: int, known: Mapping[int, Sibling]) -> list[Sibling]:
    """Those found that were written and renamed since, the oldest first: not known before, and modified at
    `than` (nanoseconds since 1970) or later."""
    fresh = [s for s in found.values() if s.modified >= than and not is_same(s, known.get(s.inode))]
    return sorted(fresh, key=lambda sibling: sibling.order)


def _shape(name: str) -> re.Pattern[str]:
    stem, suffix = Path(name).stem, Path(name).suffix
    tail = r"[._-](?:\d[\w.-]*|old|bak|prev)"
    before_suffix = rf"{re.escape(stem)}[._-]\d[\d._-]*{re.escape(suffix)}"
    return re.compile(rf"{re.escape(name)}{tail}|{before_suffix}")


def _look(path: Path) -> Sibling | None:
    try:
        descriptor = open_log(path)
    except (LogMissing, LogRefused):
        return None
    try:
        status = os.fstat(descriptor)
        head = os.pread(descriptor, HEAD_BYTES, 0)
        return Sibling(path, status.st_dev, status.st_ino, status.st_mtime_ns, head)
    except OSError:
        return None
    finally:
        os.close(descriptor)
