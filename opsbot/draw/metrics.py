"""Metrics over a window: what each is now, average, least and greatest, and a sparkline or a chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from opsbot.domain.metrics import MetricKind, MetricsReport, MetricSummary, Window
from opsbot.draw.limits import CHOICES, EMBED_DESCRIPTION, clamp
from opsbot.draw.metric_values import rate_text, share_text
from opsbot.draw.payload import Button, Choice, Colour, Embed, File, Menu, Payload
from opsbot.draw.sparkline import sparkline
from opsbot.draw.ticks import local, window_text
from opsbot.draw.values import metric_label, metric_text
from opsbot.text import Place, number_text, one_line, safe_text, seconds_text, units

NOTHING = "Nothing measured yet. The first values come with the next look."
NOTHING_THEN = "Nothing was measured in this window: opsbot did not run then, or the past is no longer kept."

WINDOW = "opsbot:chart_window:{target}"
METRICS = "opsbot:chart_metrics:{target}"
CSV = "opsbot:chart_csv:{target}"
REFRESH = "opsbot:chart_refresh:{target}"
"""custom_ids of what stands below a chart; they outlive opsbot, so they never change."""

WINDOWS = (3_600.0, 6 * 3_600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0)
PICTURE = "metrics.png"

_TITLE = 120
_REST = 40  # characters kept for the line that counts what does not fit
_AT = "@"


def metrics_payload(
    report: MetricsReport, window: Window, *, picture: bytes | None = None, note: str = "", most: int = 4
) -> Payload:
    """With a picture the statistics stand above it; without, each metric has a sparkline.

    `note`: what else is to be said, such as how charts are installed. `most`: metrics that can be chosen.
    """
    if not report.metrics:
        description = NOTHING_THEN if report.names else NOTHING
    else:
        description = _description(report.metrics, lines=picture is None)
    embed = Embed(
        title=f"📈 {safe_text(report.title, _TITLE)}: {_when(report)}",
        description=description,
        colour=Colour.BLUE,
        footer=note,
        at=report.at.wall,
        image=PICTURE if picture else "",
    )
    files = (File(PICTURE, picture),) if picture else ()
    return clamp(Payload(embeds=(embed,), rows=_controls(report, window, most), files=files))


def metrics_text(report: MetricsReport, zone: tzinfo | None = None) -> str:
    """The guide's summary statistics, with the present value and a sparkline; ends without a newline."""
    when = f"{local(report.at.wall, zone):%Y-%m-%d %H:%M:%S}"
    span = window_text(report.since, report.until, report.at.wall, zone)
    head = f"{one_line(report.title, _TITLE)} - Metrics ({span})"
    lines = [head, f"Timestamp: {when}", "", "Summary Statistics:", "-------------------"]
    return "\n".join([*lines, *([_row(metric) for metric in report.metrics] or [NOTHING])])


def window_value(window: Window) -> str:
    """A window as a menu's value: "3600", or with its end "7200@1767625440"."""
    end = "" if window.until is None else f"{_AT}{window.until:.0f}"
    return f"{window.seconds:.0f}{end}"


def window_of_value(value: str) -> Window | None:
    """What `window_value` was made of; None for anything else."""
    seconds, _, end = value.partition(_AT)
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= 10):
        return None
    if end and not (end.isascii() and end.isdecimal() and len(end) <= 12):
        return None
    return Window(float(seconds), float(end) if end else None)


def _when(report: MetricsReport) -> str:
    text = window_text(report.since, report.until, report.at.wall)
    return f"the {text}" if text.startswith("last") else text


def _controls(report: MetricsReport, window: Window, most: int) -> tuple[tuple[Button | Menu, ...], ...]:
    target = report.target
    shown = [series.metric for series in report.series] or [m.name for m in report.metrics]
    rows: list[tuple[Button | Menu, ...]] = [(_windows(report, window),)]
    if report.names:
        names = [*shown, *(name for name in report.names if name not in shown)][:CHOICES]
        names.sort(key=report.names.index)
        marked = shown[:most]
        choices = tuple(Choice(safe_text(metric_label(n), 80, Place.PLAIN), n, n in marked) for n in names)
        rows.append((Menu(METRICS.format(target=target), "Metrics", choices, most),))
    rows.append((
        Button("CSV", CSV.format(target=target), emoji="📄", disabled=not report.names),
        Button("Refresh", REFRESH.format(target=target), emoji="🔄"),
    ))  # fmt: skip
    return tuple(rows)


def _windows(report: MetricsReport, window: Window) -> Menu:
    known = [Window(seconds) for seconds in WINDOWS]
    if window not in known:
        known.append(window)
    choices = tuple(
        Choice(_window_label(report, one, window), window_value(one), one == window) for one in known
    )
    return Menu(WINDOW.format(target=report.target), "Window", choices)


def _window_label(report: MetricsReport, one: Window, shown: Window) -> str:
    if one == shown and one.until is not None:
        return window_text(report.since, report.until, report.at.wall)
    return f"last {seconds_text(one.seconds)}"


def statistics_of(metric: MetricSummary) -> str:
    """What may be said about its window: "avg 0.25% · min 0.1% · max 0.5%". Of a counter how much was counted
    and how fast; of a state the share of the time; a code has no average."""
    name = metric.name
    match metric.kind:
        case MetricKind.COUNTER:
            peak = rate_text(metric.maximum)
            return f"{number_text(metric.total)} in all · avg {rate_text(metric.mean)} · max {peak}"
        case MetricKind.STATE:
            return f"{share_text(metric.mean)} of the time"
        case MetricKind.CODE:
            return f"min {number_text(metric.minimum)} · max {number_text(metric.maximum)}"
    said = (("avg", metric.mean), ("min", metric.minimum), ("max", metric.maximum))
    return " · ".join(f"{word} {metric_text(name, value)}" for word, value in said)


def present(metric: MetricSummary) -> str:
    """What it is now."""
    if metric.kind is MetricKind.COUNTER:
        return "" if metric.current is None else rate_text(metric.current)
    if metric.kind is MetricKind.STATE and metric.current is not None:
        return "yes" if metric.current else "no"
    return metric_text(metric.name, metric.current)


def _row(metric: MetricSummary) -> str:
    line = sparkline(metric.points)
    values = statistics_of(metric).replace(" · ", ", ")
    if metric.kind is MetricKind.GAUGE:
        said = {"avg": metric.mean, "min": metric.minimum, "max": metric.maximum}
        values = ", ".join(f"{key}={metric_text(metric.name, value)}" for key, value in said.items())
    now = present(metric)
    return f"{metric_label(metric.name)}: {f'now={now}, ' if now else ''}{values}  {line}".rstrip()


def _description(metrics: Sequence[MetricSummary], *, lines: bool) -> str:
    kept: list[str] = []
    left = EMBED_DESCRIPTION - _REST
    for metric in metrics:
        block = _block(metric, line=lines)
        left -= units(block) + 1
        if left < 0:
            return "\n".join([*kept, f"… and {len(metrics) - len(kept)} more"])
        kept.append(block)
    return "\n".join(kept)


def _block(metric: MetricSummary, *, line: bool) -> str:
    now = present(metric)
    head = f"**{safe_text(metric_label(metric.name), _TITLE)}** {now}".rstrip()
    bars = sparkline(metric.points) if line else ""
    text = f"{head}\n{statistics_of(metric)}"
    return f"{text}\n`{bars}`" if bars else text
