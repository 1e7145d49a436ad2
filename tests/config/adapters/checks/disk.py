"""A disk check that only has options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`path` on the disk."""

    path: Path = Path()
    warning_gb: float = 5


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {"disk_free_bytes": "B", "disk_used_percent": "%"}
