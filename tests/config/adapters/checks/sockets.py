"""A sockets check that only has options."""

from __future__ import annotations

from collections.abc import Mapping

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """None."""


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {"sockets_established": "", "sockets_close_wait": ""}
