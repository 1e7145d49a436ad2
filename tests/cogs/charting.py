"""Measured numbers, real pictures, and what a message shows of them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from opsbot.charts.base import NoChart
from opsbot.charts.process import ProcessPainter
from opsbot.domain.chart import Chart
from opsbot.domain.metrics import MetricsReport, MetricSummary
from opsbot.domain.series import Bucket, Series
from opsbot.draw.metrics import METRICS, PICTURE, WINDOW
from tests.bound import BOUND
from tests.cogs.stage import CLOCK, Stage

BOT = "summarybot"
NAMES = ("cpu_percent", "rss_bytes", "log_errors_total", "process_up")
WIDTH = 1200
_PAINTED: dict[tuple[str, ...], bytes] = {}


class Painter(ProcessPainter):
    """Notes what it was asked for; a window of the same metrics is painted once for all tests. `fonts`: where
    what matplotlib finds of them is kept."""

    def __init__(self, fonts: Path | None = None, *, missing: bool = False, broken: bool = False) -> None:
        super().__init__(fonts, patience=BOUND)
        self.charts: list[Chart] = []
        self.gone, self.broken = missing, broken

    @property
    def missing(self) -> bool:
        return self.gone

    async def paint(self, chart: Chart) -> bytes:
        self.charts.append(chart)
        if self.broken:
            raise NoChart("The chart was not ready within 15 s.")
        looks = chart.window, *(panel.title for panel in chart.panels)
        if self.missing or looks not in _PAINTED:
            _PAINTED[looks] = await super().paint(chart)
        return _PAINTED[looks]


Painted = tuple[Stage, Painter]
"""A stage with a running bot, and what paints for it."""


def measured(stage: Stage) -> None:
    """Four metrics of the last hour."""
    now = CLOCK.now()
    walls = [now.wall - 3600 + 60 * n for n in range(60)]
    series = tuple(
        Series(BOT, name, 60.0, tuple(Bucket(wall, 1.0, 3.0, 2.0, 2.0, 60) for wall in walls))
        for name in NAMES
    )
    metrics = tuple(MetricSummary(name, 1.0, 0.5, 0.25, 4.0, (1.0, 4.0), 12.0) for name in NAMES)
    stage.operations.numbers[BOT] = MetricsReport(
        BOT, "Summary Bot NG", now, now.wall - 3600, now.wall, metrics, series, NAMES
    )


async def redrawn(stage: Stage, window: str, *metrics: str) -> Any:
    """The chart's message, once its menus have these marked."""

    def marked(message: Any) -> bool:
        found = controls(message)
        of = {
            key: [o.value for o in menu.options if o.default]
            for key, menu in found.items()
            if hasattr(menu, "options")
        }
        return of[WINDOW.format(target=BOT)] == [window] and of[METRICS.format(target=BOT)] == list(metrics)

    return await stage.sim.wait_for_message(stage.world.ops, lambda m: bool(m.components) and marked(m))


def png_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def controls(message: Any) -> dict[str, Any]:
    """What stands below a message, by custom_id."""
    return {item.custom_id: item for row in message.components for item in row.children}


def footer_and_text(message: Any) -> str:
    """All that its embeds say."""
    return " ".join(f"{e.title} {e.description} {e.footer.text}" for e in message.embeds)


def picture(stage: Stage, message: Any) -> bytes:
    """The attached chart."""
    (attached,) = message.attachments
    assert attached.filename == PICTURE
    content = stage.sim.cdn.content(attached.url)
    assert content is not None
    return content
