"""A gateway check that only has options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`path` of the log."""

    path: Path


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {"gateway_connected": "", "gateway_disconnects_total": ""}
