"""A port check that only has options."""

from __future__ import annotations

from collections.abc import Mapping

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`port` number."""

    port: int


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {"port_listening": ""}
