"""The picture itself, by matplotlib. Imported by the worker alone.

Made for Discord's dark theme and a phone, which shows a picture about as wide as `WIDTH` inches of print:
large type, three or four numbers an axis, no frame.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from opsbot.domain.chart import Chart, Panel, Point, Style, Threshold
from opsbot.domain.levels import Severity
from opsbot.text import number_text

WIDTH, DPI = 6.0, 200
"""Inches and dots per inch: 1200 pixels wide."""

HEAD, FOOT, EACH, SINGLE, BETWEEN = 0.34, 0.74, 0.82, 2.3, 0.4
"""Inches: title, time axis with legend, one of several panels, the only panel, between two panels."""

LEFT, RIGHT = 0.66, 0.2

BACKGROUND, GROUND = "#2b2d31", "#232428"
TEXT, FAINT, GRID = "#f2f3f5", "#b5bac1", "#3f4248"
LINE, AREA = "#6cb6ff", "#6cb6ff38"
SEVERITY = {Severity.CRITICAL: "#ff6b6b", Severity.WARNING: "#f5c451", Severity.INFO: "#b5bac1"}
RESTART, DEPLOY = "#c9a7ff", "#7ee787"

_TITLE, _LABEL, _SMALL = 14, 12, 10.5  # points
_HEADROOM = 1.12
NEAR = 2.5  # times the greatest value
_MARGIN = 0.06
_DEPLOYED = (0, (5, 1.5, 1, 1.5))  # dashes and dots: told from a restart without the colour


def png_of(chart: Chart) -> bytes:
    """The chart as a PNG, 1200 pixels wide."""
    count = max(1, len(chart.panels))
    each = SINGLE if count == 1 else EACH
    height = HEAD + count * (each + BETWEEN) + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=BACKGROUND)
    FigureCanvasAgg(figure)
    y = 1 - HEAD * 0.68 / height
    figure.text(LEFT / WIDTH, y, chart.title, color=TEXT, size=_TITLE, weight="bold", va="center",
                parse_math=False)  # fmt: skip
    figure.text(1 - RIGHT / WIDTH, y, chart.window, color=FAINT, size=_LABEL, ha="right", va="center",
                parse_math=False)  # fmt: skip
    for number, panel in enumerate(chart.panels):
        bottom = height - HEAD - BETWEEN - each - number * (each + BETWEEN)
        box = (LEFT / WIDTH, bottom / height, (WIDTH - LEFT - RIGHT) / WIDTH, each / height)
        axes = figure.add_axes(box)
        _draw(axes, chart, panel)
        _time_axis(axes, chart, labelled=number == count - 1)
    _legend(figure, chart, height)
    out = io.BytesIO()
    figure.savefig(out, format="png", facecolor=BACKGROUND)
    return out.getvalue()


def _draw(axes: Axes, chart: Chart, panel: Panel) -> None:
    axes.set_facecolor(GROUND)
    for shade in chart.shades:
        axes.axvspan(shade.start, shade.end, color=SEVERITY[shade.severity], alpha=0.22, lw=0, zorder=0)
    for restart in chart.restarts:
        axes.axvline(restart, color=RESTART, lw=1.4, ls=(0, (1, 1.2)), zorder=4)
    for deploy in chart.deploys:
        axes.axvline(deploy.wall, color=DEPLOY, lw=1.4, ls=_DEPLOYED, zorder=4)
    for part in _unbroken(panel):
        _PAINT[panel.style](axes, panel, part)
    axes.set_xlim(chart.since, chart.until)
    _value_axis(axes, panel)
    for threshold in _near(panel):
        axes.axhline(threshold.value, color=SEVERITY[threshold.severity], lw=1.5, ls=(0, (4, 2)), zorder=3)
    for place, text, colour in (("left", panel.title, TEXT), ("right", _unit(panel), FAINT)):
        axes.set_title(text, loc=place, color=colour, size=_LABEL, pad=4, parse_math=False)  # type: ignore[arg-type]


def _unit(panel: Panel) -> str:
    return panel.unit if panel.points else "no data in this window"


def _near(panel: Panel) -> list[Threshold]:
    """The thresholds that can be shown without flattening the values."""
    highest = max((point.high for point in panel.points), default=0.0) * NEAR
    return [threshold for threshold in panel.thresholds if threshold.value <= highest]


def _unbroken(panel: Panel) -> Iterator[list[Point]]:
    part: list[Point] = []
    for point in panel.points:
        if part and point.wall - part[-1].wall > panel.gap:
            yield part
            part = []
        part.append(point)
    if part:
        yield part


def _line(axes: Axes, panel: Panel, part: list[Point]) -> None:
    walls = [point.wall + panel.step / 2 for point in part]
    if any(point.low != point.high for point in part):
        lows, highs = [p.low for p in part], [p.high for p in part]
        axes.fill_between(walls, lows, highs, color=AREA, lw=0, zorder=1)
    alone = len(part) == 1
    axes.plot(
        walls, [p.mean for p in part], color=LINE, lw=1.8, zorder=2, marker="o" if alone else "", ms=3.5
    )


def _bars(axes: Axes, panel: Panel, part: list[Point]) -> None:
    walls, means = [p.wall for p in part], [p.mean for p in part]
    axes.bar(walls, means, width=panel.step, align="edge", color=LINE, lw=0, zorder=2)


def _steps(axes: Axes, panel: Panel, part: list[Point]) -> None:
    walls, means = [p.wall for p in part], [p.mean for p in part]
    if panel.step:  # the last one lasts as long as the others
        walls.append(part[-1].wall + panel.step)
        means.append(part[-1].mean)
    axes.fill_between(walls, means, step="post", color=AREA, lw=0, zorder=1)
    axes.step(walls, means, where="post", color=LINE, lw=1.8, zorder=2)


_PAINT = {Style.LINE: _line, Style.BARS: _bars, Style.STEPS: _steps}


def _value_axis(axes: Axes, panel: Panel) -> None:
    """From `bottom` to above the greatest value and the thresholds that are near."""
    lows, highs = [p.low for p in panel.points] or [0.0], [p.high for p in panel.points] or [1.0]
    low = min(lows) if panel.bottom is None else min(panel.bottom, *lows)
    high = max(highs)
    high = max([high, *(threshold.value for threshold in _near(panel))])
    if panel.top is not None:
        high = max(high, panel.top)
    else:
        high = low + (high - low) * _HEADROOM if high > low else low + (abs(low) or 1.0)
    if panel.bottom is None:
        low -= (high - low) * _MARGIN
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(
        MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10], integer=panel.style is Style.BARS)
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
    axes.tick_params(axis="y", colors=FAINT, labelsize=_SMALL, length=0, pad=5)
    axes.grid(axis="y", color=GRID, lw=0.8, zorder=0)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _time_axis(axes: Axes, chart: Chart, *, labelled: bool) -> None:
    axes.set_xticks(
        [tick.wall for tick in chart.ticks], [tick.label if labelled else "" for tick in chart.ticks]
    )
    axes.tick_params(axis="x", colors=FAINT, labelsize=_SMALL, length=4 if labelled else 0, color=GRID)
    axes.grid(axis="x", color=GRID, lw=0.6, zorder=0)
    labels = axes.get_xticklabels()
    for tick, label in zip(chart.ticks, labels, strict=True):
        part = (tick.wall - chart.since) / (chart.until - chart.since)
        if part < 0.04 or part > 0.96:  # else it would stand out of the picture
            label.set_horizontalalignment("left" if part < 0.5 else "right")
    if labelled:
        _no_overlap(labels)


def _no_overlap(labels: Sequence[Text]) -> None:
    """Leaves out what would touch its neighbour."""
    boxes = [label.get_window_extent() for label in labels]
    if any(before.x1 + 8 > after.x0 for before, after in pairwise(boxes)):
        for label in labels[1::2]:
            label.set_visible(False)


def _legend(figure: Figure, chart: Chart, height: float) -> None:
    """What the signs mean that are on this picture, and the zone of its times."""
    y = 0.2 / height
    figure.text(1 - RIGHT / WIDTH, y, chart.zone, color=FAINT, size=_SMALL, ha="right", va="center",
                parse_math=False)  # fmt: skip
    severities = {threshold.severity for panel in chart.panels for threshold in _near(panel)}
    signs: list[tuple[Artist, str]] = [
        (Line2D([], [], color=SEVERITY[severity], lw=1.5, ls=(0, (4, 2))), severity.value)
        for severity in sorted(severities, key=lambda s: s.rank)
    ]
    if chart.shades:
        worst = max((shade.severity for shade in chart.shades), key=lambda s: s.rank)
        signs.append((Patch(color=SEVERITY[worst], alpha=0.35, lw=0), "incident"))
    if chart.restarts:
        signs.append((Line2D([], [], color=RESTART, lw=1.4, ls=(0, (1, 1.2))), "restart"))
    if chart.deploys:
        version = f" {chart.deploys[0].text}" if len(chart.deploys) == 1 else ""
        signs.append((Line2D([], [], color=DEPLOY, lw=1.4, ls=_DEPLOYED), f"deploy{version}"))
    if signs:
        legend = figure.legend(
            [sign for sign, _ in signs],
            [word for _, word in signs],
            loc="center left",
            bbox_to_anchor=(LEFT / WIDTH - 0.01, y),
            ncols=len(signs),
            frameon=False,
            labelcolor=FAINT,
            fontsize=_SMALL,
            handlelength=1.4,
            columnspacing=1.1,
            handletextpad=0.5,
            borderpad=0,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
