"""A target's log and what becomes of it: what the configuration says, checked."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LogSpec:
    """A target's log and what becomes of it.

    `archive_dir`: where archives go; `name`: what they begin with (`NAME_YYYYMMDD_HHMMSS.log.gz`); `keep`:
    newest archives that stay; `max_age`: seconds after which an archive goes; `owned`: the supervisor's
    keeper writes it; `watched`: the target reopens by itself when it was renamed; `reopen_signal`: makes the
    target reopen it, None when there is none; `foreign`: rotate although something else seems to rotate it.
    """

    path: Path
    archive_dir: Path
    name: str
    keep: int = 10
    max_age: float = 14 * 86_400.0
    owned: bool = False
    watched: bool = False
    reopen_signal: signal.Signals | None = None
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """When a log is rotated without anybody asking: from `min_bytes` on, looked at every `interval` seconds,
    and at the times of the cron expression, whatever its size. Not at all unless `enabled`."""

    log: LogSpec
    min_bytes: int = 100 * 2**20
    interval: float = 3600.0
    cron: str = ""
    enabled: bool = True
