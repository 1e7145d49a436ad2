"""A report about metrics as a chart: units, axes, and what else is marked."""

from __future__ import annotations

from datetime import tzinfo

from opsbot.domain.chart import Chart, Mark, Panel, Point, Shade, Style, Threshold
from opsbot.domain.metrics import Limit, MetricKind, MetricsReport, kind_of, spacing
from opsbot.domain.series import Series
from opsbot.draw.metric_values import MINUTE, Scale, scale_of
from opsbot.draw.ticks import ticks, window_text, zone_text
from opsbot.draw.values import metric_label
from opsbot.text import one_line, seconds_text

PANELS = 4
"""Metrics in one chart: more would be too low to be read."""

RESTARTS = 40
"""Starts that are marked, the newest ones: more would be one grey field."""

_TITLE, _LABEL, _VERSION = 46, 40, 10  # characters
_GAP = 2.5
_STYLES = {MetricKind.COUNTER: Style.BARS, MetricKind.STATE: Style.STEPS, MetricKind.CODE: Style.STEPS}


def chart_of_report(report: MetricsReport, zone: tzinfo | None = None) -> Chart:
    """`zone`: of the times; None: the machine's."""
    spans = sorted(report.incidents, key=lambda span: span.severity.rank)
    shades = [
        Shade(max(span.start, report.since), min(span.end or report.until, report.until), span.severity)
        for span in spans
        if span.start < report.until and (span.end or report.until) > report.since
    ]
    return Chart(
        title=one_line(report.title, _TITLE),
        window=window_text(report.since, report.until, report.at.wall, zone),
        since=report.since,
        until=report.until,
        zone=zone_text(report.until, zone),
        panels=tuple(_panel(series, report.limits) for series in report.series[:PANELS]),
        ticks=ticks(report.since, report.until, zone),
        shades=tuple(shades),
        restarts=report.restarts[-RESTARTS:],
        deploys=tuple(Mark(one.at.wall, one_line(one.version, _VERSION)) for one in report.deploys),
    )


def _panel(series: Series, limits: tuple[Limit, ...]) -> Panel:
    kind, step = kind_of(series.metric), spacing(series)
    if kind is MetricKind.COUNTER:
        raw = [Point(_began(b.wall, series, step), *(b.total,) * 3) for b in series.buckets]
    elif kind is MetricKind.CODE:
        raw = [Point(b.wall, b.last, b.low, b.high) for b in series.buckets]
    else:
        raw = [Point(b.wall, b.mean, b.low, b.high) for b in series.buckets]
    scale = _scale(series.metric, max((point.high for point in raw), default=0.0), step)
    factor = scale.factor
    points = [Point(p.wall, p.mean * factor, p.low * factor, p.high * factor) for p in raw]
    per = step if kind is MetricKind.COUNTER else 1.0  # a rate's limit is per second
    mine = [limit for limit in limits if limit.metric == series.metric]
    return Panel(
        title=one_line(metric_label(series.metric), _LABEL),
        unit=scale.unit,
        style=_STYLES.get(kind, Style.LINE),
        points=tuple(points),
        step=step if kind in _STYLES or series.step else 0.0,
        gap=step * _GAP,
        thresholds=tuple(Threshold(limit.value * factor * per, limit.severity) for limit in mine),
        bottom=None if kind is MetricKind.CODE else 0.0,
        top=105.0 if kind is MetricKind.STATE else None,
    )


def _scale(metric: str, greatest: float, step: float) -> Scale:
    """A counter's bars stand for what was counted in each: a rate would make 30 an hour of one error."""
    if kind_of(metric) is MetricKind.COUNTER:
        return Scale(1, f"per {seconds_text(float(f'{step:.1g}') if step < MINUTE else step)}")
    return scale_of(metric, greatest)


def _began(wall: float, series: Series, step: float) -> float:
    """A raw increase was counted in the time before its moment."""
    return wall if series.step else wall - step
