"""An upstream check that only has options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`name` begins its metrics' names; `path` of the log."""

    name: str = "openrouter"
    path: Path


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {f"{options.name}_successes_total": "", f"{options.name}_errors_total": ""}
