"""A line of numbers as eight heights of blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"
GAP = "·"
"""Where nothing is known."""

WIDTH = 24
"""Bars: what a phone shows of a code span beside nothing else."""


def sparkline(points: Sequence[float | None], width: int = WIDTH) -> str:
    """At most `width` bars, scaled from the smallest to the greatest value; "" for no value at all.

    Of several points in one bar the greatest is drawn, so that a short peak is seen.
    """
    peaks = [_peak(part) for part in _parts(points, width)]
    known = [peak for peak in peaks if peak is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    return "".join(GAP if peak is None else BARS[_height(peak, low, high)] for peak in peaks)


def _parts(points: Sequence[float | None], width: int) -> list[Sequence[float | None]]:
    count = min(width, len(points))
    edges = [round(index * len(points) / count) for index in range(count + 1)] if count else []
    return [points[start:end] for start, end in pairwise(edges)]


def _peak(part: Sequence[float | None]) -> float | None:
    return max((p for p in part if p is not None and math.isfinite(p)), default=None)


def _height(value: float, low: float, high: float) -> int:
    """0 to 7; a flat line lies on the ground. Halved before subtracting, so that no span overflows."""
    span = high / 2 - low / 2
    return min(len(BARS) - 1, int((value / 2 - low / 2) / span * len(BARS))) if span > 0 else 0
