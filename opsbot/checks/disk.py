"""Free space where the target writes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from opsbot.checks.base import CheckContext, CheckOptions
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding, Observation

SECTION = "System"

GIGABYTE = 1_073_741_824
"""1024³ bytes, as df -h and the guide's scripts count."""

_LABEL = "Disk Space"


class Options(CheckOptions):
    """`path`: any file or folder of the disk. Free gigabytes below which it is a warning or critical
    (alert-config.yml has 5 in `schedules.disk_space.threshold_gb`)."""

    path: Path = Path()
    warning_gb: float = Field(default=5.0, ge=0)
    critical_gb: float = Field(default=1.0, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Options:
        if self.critical_gb > self.warning_gb:
            raise ValueError("`critical_gb` is more than `warning_gb`: the less space, the worse")
        return self


def metrics(options: Options) -> Mapping[str, str]:  # noqa: ARG001 - the same whatever the options
    """Free space and how full it is."""
    return {
        "disk_free_bytes": "bytes that an ordinary user may still write",
        "disk_used_percent": "used share of what ordinary users may use, %, as df shows it",
    }


def build(options: Options, context: CheckContext) -> DiskCheck:  # noqa: ARG001 - needs nothing around it
    """Makes the check."""
    return DiskCheck(options)


class DiskCheck:
    """Asks the file system."""

    def __init__(self, options: Options) -> None:
        self._options = options

    async def look(self) -> Observation:
        """Asks once."""
        path = _existing(self._options.path.absolute())
        try:
            status = os.statvfs(path)
        except OSError as error:
            text = f"{path} cannot be looked at: {error.strerror}"
            return Observation(Outcome.ERROR, text, findings=(Finding(Outcome.ERROR, _LABEL, text),))
        free = status.f_bavail * status.f_frsize
        used = (status.f_blocks - status.f_bfree) * status.f_frsize
        percent = used / (used + free) * 100 if used + free else 100.0
        outcome = self._outcome(free / GIGABYTE)
        text = f"{free / GIGABYTE:.1f}GB free, {percent:.0f}% used"
        values = {"disk_free_bytes": float(free), "disk_used_percent": percent}
        return Observation(outcome, f"{text} ({path})", values, (Finding(outcome, _LABEL, text),))

    async def close(self) -> None:
        """Holds nothing."""

    def _outcome(self, free_gb: float) -> Outcome:
        if free_gb < self._options.critical_gb:
            return Outcome.FAIL
        return Outcome.DEGRADED if free_gb < self._options.warning_gb else Outcome.OK


def _existing(path: Path) -> Path:
    """The path or the nearest folder above it: the file may not have been written yet."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))
