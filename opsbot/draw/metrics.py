"""Metrics over a window: current value, average, minimum, maximum and a sparkline."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from opsbot.domain.health import MetricsReport, MetricSummary
from opsbot.draw.limits import EMBED_DESCRIPTION, clamp
from opsbot.draw.payload import Colour, Embed, Payload
from opsbot.draw.sparkline import sparkline
from opsbot.draw.values import metric_label, metric_text
from opsbot.text import one_line, safe_text, seconds_text, units

NOTHING = "Nothing measured yet. The first values come with the next look."
_TITLE = 120
_REST = 40  # characters kept for the line that counts what does not fit


def metrics_payload(report: MetricsReport) -> Payload:
    """One embed, three short lines a metric: readable on a phone, no table that would break there."""
    embed = Embed(
        title=f"📈 {safe_text(report.title, _TITLE)}: the last {seconds_text(report.window)}",
        description=_description(report.metrics),
        colour=Colour.BLUE,
        footer="average, minimum and maximum of the window",
        at=report.at.wall,
    )
    return clamp(Payload(embeds=(embed,)))


def metrics_text(report: MetricsReport, zone: tzinfo = UTC) -> str:
    """The guide's summary statistics, with the present value and a sparkline; ends without a newline."""
    when = f"{datetime.fromtimestamp(report.at.wall, zone):%Y-%m-%d %H:%M:%S}"
    head = f"{one_line(report.title, _TITLE)} - Metrics (last {seconds_text(report.window)})"
    lines = [head, f"Timestamp: {when}", "", "Summary Statistics:", "-------------------"]
    return "\n".join([*lines, *([_row(metric) for metric in report.metrics] or [NOTHING])])


def _row(metric: MetricSummary) -> str:
    said = {"now": metric.current, "avg": metric.mean, "min": metric.minimum, "max": metric.maximum}
    values = ", ".join(f"{key}={metric_text(metric.name, value)}" for key, value in said.items())
    return f"{metric_label(metric.name)}: {values}  {sparkline(metric.points)}".rstrip()


def _description(metrics: tuple[MetricSummary, ...]) -> str:
    if not metrics:
        return NOTHING
    kept: list[str] = []
    left = EMBED_DESCRIPTION - _REST
    for block in map(_block, metrics):
        left -= units(block) + 1
        if left < 0:
            return "\n".join([*kept, f"… and {len(metrics) - len(kept)} more"])
        kept.append(block)
    return "\n".join(kept)


def _block(metric: MetricSummary) -> str:
    name = metric.name
    head = f"**{safe_text(metric_label(name), _TITLE)}** {metric_text(name, metric.current)}"
    low, high = metric_text(name, metric.minimum), metric_text(name, metric.maximum)
    line = sparkline(metric.points)
    text = f"{head}\navg {metric_text(name, metric.mean)} · min {low} · max {high}"
    return f"{text}\n`{line}`" if line else text
