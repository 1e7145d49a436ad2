"""A process check that only has options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`pid_file`: where the pid stands; `command` and `cwd`: how it was started."""

    pid_file: str = ""
    command: str | list[str] | None = None
    cwd: Path | None = None


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {
        "process_up": "",
        "process_pid": "",
        "cpu_percent": "%",
        "cpu_machine_percent": "%",
        "memory_percent": "%",
        "rss_bytes": "B",
        "threads": "",
        "process_uptime_seconds": "s",
    }
