"""A chart as plain data: everything that is drawn is decided before, so whoever paints it knows no rules."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from opsbot.domain.levels import Severity


class Style(StrEnum):
    """How the points of a panel are drawn."""

    LINE = "line"  # a mean with its low and high
    BARS = "bars"  # what was counted in each span
    STEPS = "steps"  # a state that holds until the next point


@dataclass(frozen=True, slots=True)
class Point:
    """One span: its start (seconds since 1970 UTC) and what was in it, in the panel's unit."""

    wall: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line across the panel, in its unit."""

    value: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric. `step`: seconds that a point spans; after more than `gap` seconds without one the line is
    broken. `top`: where the axis ends at least; `bottom`: where it begins, None: wherever the values do."""

    title: str
    unit: str
    style: Style
    points: tuple[Point, ...]
    step: float
    gap: float
    thresholds: tuple[Threshold, ...] = ()
    bottom: float | None = 0.0
    top: float | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on the time axis and what is written there."""

    wall: float
    label: str


@dataclass(frozen=True, slots=True)
class Shade:
    """An incident's time, within the chart's window."""

    start: float
    end: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment, in a word or two."""

    wall: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels below each other over one window (seconds since 1970 UTC), which `window` says in words.
    `zone`: what the ticks' labels are in. `restarts`: when the target was started anew; `deploys`: when which
    version was brought out."""

    title: str
    window: str
    since: float
    until: float
    zone: str
    panels: tuple[Panel, ...]
    ticks: tuple[Tick, ...]
    shades: tuple[Shade, ...] = ()
    restarts: tuple[float, ...] = ()
    deploys: tuple[Mark, ...] = ()


def chart_data(chart: Chart) -> dict[str, Any]:
    """For JSON."""
    return asdict(chart)


def chart_of(data: dict[str, Any]) -> Chart:
    """The chart that `chart_data` was made of."""
    rest = {key: data[key] for key in ("title", "window", "since", "until", "zone")}
    return Chart(
        **rest,
        panels=tuple(_panel(panel) for panel in data["panels"]),
        ticks=tuple(Tick(**tick) for tick in data["ticks"]),
        shades=tuple(Shade(s["start"], s["end"], Severity(s["severity"])) for s in data["shades"]),
        restarts=tuple(data["restarts"]),
        deploys=tuple(Mark(**mark) for mark in data["deploys"]),
    )


def _panel(data: dict[str, Any]) -> Panel:
    points = tuple(Point(**point) for point in data["points"])
    thresholds = tuple(Threshold(t["value"], Severity(t["severity"])) for t in data["thresholds"])
    return Panel(**data | {"style": Style(data["style"]), "points": points, "thresholds": thresholds})
