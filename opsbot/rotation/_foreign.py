"""Whether something else rotates a log already: two who do so get in each other's way."""

from __future__ import annotations

import os
import re
from pathlib import Path

from opsbot.rotation._names import ARCHIVE, BACKUP, RENAMED, ours
from opsbot.rotation._safe import stat_in
from opsbot.rotation.base import LogSpec

RECENT = 32 * 86_400.0
"""Seconds: a sibling that was written to since tells of a rotation that still happens. A month is the longest
period that people use with logrotate(8); an older sibling may be of a set-up that is gone."""

_DATE = r"\d{4}-?[01]\d-?[0-3]\d"
_PACKED = r"(?:\.(?:gz|bz2|xz|zst|zip))?"


def sibling(folder_fd: int, spec: LogSpec, wall: float) -> tuple[str, float] | None:
    """The newest file in the log's folder that something else rotated the log to, and its age in seconds.
    `wall`: now, in seconds since 1970. Raises OSError."""
    names = os.listdir(folder_fd)
    mine = _mine(spec, names)
    shape = _shape(spec.path)
    found = [name for name in names if shape.fullmatch(name) and name not in mine]
    ages = sorted((wall - _modified(folder_fd, name), name) for name in found)
    return next(((name, age) for age, name in ages if age < RECENT), None)


def _shape(log: Path) -> re.Pattern[str]:
    """`x.log.1` (RotatingFileHandler, logrotate), `x.log.2026-01-05`, `x.log-20260105` (TimedRotating…,
    logrotate's dateext), `x-20260105.log` (its `extension`), each perhaps packed."""
    name, stem, suffix = map(re.escape, (log.name, log.stem, log.suffix))
    dated = rf"[._-]{_DATE}[\d.:T_-]*"
    return re.compile(rf"(?:{name}(?:\.\d{{1,3}}|{dated})|{stem}{dated}{suffix}){_PACKED}", re.ASCII)


def _mine(spec: LogSpec, names: list[str]) -> set[str]:
    kinds = ((RENAMED, spec.path.name), (ARCHIVE, spec.name), (BACKUP, spec.name))
    return {one.name for kind, name in kinds for one in ours(kind, name, names)} | _of_keeper(spec, names)


def _of_keeper(spec: LogSpec, names: list[str]) -> set[str]:
    """A keeper sets aside one file of a log that nobody configured, by itself."""
    first, second = (f"{spec.path.name}.{number}" for number in (1, 2))
    return {first} if spec.owned and second not in names else set()


def _modified(folder_fd: int, name: str) -> float:
    found = stat_in(folder_fd, name)
    return found.st_mtime if found else 0.0
