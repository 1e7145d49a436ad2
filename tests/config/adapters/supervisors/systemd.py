"""A supervisor that only has options."""

from __future__ import annotations

from opsbot.supervisors.base import SupervisorOptions


class Options(SupervisorOptions):
    """Which unit it is."""

    unit: str
