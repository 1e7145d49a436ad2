"""A log check that only has options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`path` of the file."""

    path: Path
    warning_mb: float = 100


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {"log_size_bytes": "B", "log_errors_total": "", "log_warnings_total": ""}
