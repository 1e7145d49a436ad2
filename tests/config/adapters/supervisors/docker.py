"""A supervisor that only has options."""

from __future__ import annotations

from opsbot.supervisors.base import SupervisorOptions


class Options(SupervisorOptions):
    """Which container it is."""

    container: str
    url: str = "unix:///var/run/docker.sock"
