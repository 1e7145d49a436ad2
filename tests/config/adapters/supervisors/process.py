"""A supervisor that only has options."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from opsbot.supervisors.base import SupervisorOptions


class Options(SupervisorOptions):
    """How the target is started."""

    command: tuple[str, ...]
    cwd: Path | None = None
    env: dict[str, str] = Field(default_factory=dict)
    log: Path | None = None
