"""Percentiles and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile, `part` from 0 to 1; needs at least one value."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered) + 0.5) - 1))]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what, how much, what was to reach, and whether it was."""

    what: str
    measured: str
    target: str
    reached: bool


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | to reach | reached |", "|---|---|---|---|"]
    lines += [f"| {r.what} | {r.measured} | {r.target} | {'yes' if r.reached else '**no**'} |" for r in rows]
    return "\n".join(lines)
