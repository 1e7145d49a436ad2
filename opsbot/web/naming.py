"""What Prometheus calls a metric of a target: base units, as its conventions have it
(https://prometheus.io/docs/practices/naming/)."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "opsbot_target_"

UNITS = (
    ("percent", "ratio", 0.01),
    ("kb", "bytes", 1024.0),
    ("mb", "bytes", 1024.0**2),
    ("gb", "bytes", 1024.0**3),
    ("ms", "seconds", 0.001),
    ("milliseconds", "seconds", 0.001),
    ("minutes", "seconds", 60.0),
    ("hours", "seconds", 3600.0),
)
"""Ends of names, what they become, and by what the value is multiplied. Sizes are binary, as everywhere in
opsbot."""

TOTAL = "_total"


@dataclass(frozen=True, slots=True)
class Exposed:
    """`name`: of the family, with `_total` where it is a counter; `factor`: to base units."""

    name: str
    counter: bool
    factor: float = 1.0


def exposed(metric: str) -> Exposed:
    """How a metric of a target is exposed: `cpu_percent` as `opsbot_target_cpu_ratio`, a hundredth of it."""
    counter = metric.endswith(TOTAL)
    stem = metric.removesuffix(TOTAL)
    factor = 1.0
    for unit, base, by in UNITS:
        if stem.endswith(f"_{unit}"):
            stem, factor = f"{stem.removesuffix(unit)}{base}", by
            break
    return Exposed(f"{PREFIX}{stem}{TOTAL if counter else ''}", counter, factor)
