"""Which configuration file is meant."""

from __future__ import annotations

from pathlib import Path

from opsbot.errors import UsageError

DEFAULTS = (
    Path("config/opsbot.yml"),
    Path("opsbot.yml"),
    Path("alert-config.yml"),
    Path("scripts/monitoring/alert-config.yml"),
)
"""Looked for in this order, in the current folder; the last is where the guide has it."""


def config_file(given: Path | None) -> Path | None:
    """The file that was named, else the first default that is there, else None: the built-in defaults.

    Raises:
        UsageError: the named file is not there.
    """
    if given is not None:
        if not given.exists():
            raise UsageError(
                f"There is no configuration file {given}: `opsbot init {given}` writes a commented one."
            )
        return given
    return next((path for path in DEFAULTS if path.is_file()), None)
