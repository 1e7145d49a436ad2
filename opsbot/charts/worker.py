"""The process of one picture: a chart as JSON on stdin, its PNG on stdout. `python -I -m` runs it."""

from __future__ import annotations

import json
import resource
import sys

from opsbot.domain.chart import chart_of

MEMORY = 1 << 30
"""Bytes of address space: a chart takes about 200 MB of it."""

CPU_SECONDS = 10


def main() -> None:
    """Reads, paints, writes. What goes wrong ends the process, with the reason on stderr."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if sys.platform == "linux":  # elsewhere the limit is not kept, or cannot be set
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    chart = chart_of(json.load(sys.stdin.buffer))
    from opsbot.charts._figure import png_of  # only now: everything it takes is bounded

    sys.stdout.buffer.write(png_of(chart))


if __name__ == "__main__":
    main()
