"""The port of painters."""

from __future__ import annotations

from typing import Protocol

from opsbot.domain.chart import Chart
from opsbot.errors import OpsbotError

INSTALL = "pip install 'opsbot[charts]'"
"""How charts come to an opsbot that draws none."""


class NoChart(OpsbotError):
    """There is no picture, and why: one sentence. The numbers are told without it."""


class Painter(Protocol):
    """Makes pictures of charts."""

    @property
    def missing(self) -> bool:
        """Whether what paints is not installed: then nothing needs to be tried."""

    async def paint(self, chart: Chart) -> bytes:
        """The chart as a PNG.

        Raises:
            NoChart: not installed, too slow, too big or broken.
        """
