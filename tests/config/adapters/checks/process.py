"""A process check that only has options."""

from __future__ import annotations

from collections.abc import Mapping

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`pid_file`: where the pid stands."""

    pid_file: str = ""


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {
        "process_up": "",
        "cpu_percent": "%",
        "cpu_machine_percent": "%",
        "memory_percent": "%",
        "rss_bytes": "B",
        "threads": "",
        "process_uptime_seconds": "s",
    }
