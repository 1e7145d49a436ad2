"""Numbers with units in conditions.

Sizes are binary, as in `du -m`, `ps` and the guide's scripts (`/1024/1024`): 1 MB is 2^20 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a number counts, before any "per time"."""

    COUNT = "a plain number"
    PERCENT = "a percentage"
    TIME = "a duration"
    SIZE = "a size"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `factor` makes the base unit of it (1, %, seconds, bytes; per second when `per`)."""

    name: str
    kind: Kind
    per: bool
    factor: float

    @property
    def measure(self) -> str:
        """What it measures, for people."""
        return f"{self.kind.value} per time" if self.per else self.kind.value

    def fits(self, other: Unit) -> bool:
        """Whether numbers of both can be compared."""
        return self.kind is other.kind and self.per is other.per


KB, MB, GB, TB = 2**10, 2**20, 2**30, 2**40
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

_PLAIN = {
    "": (Kind.COUNT, 1.0),
    "%": (Kind.PERCENT, 1.0),
    "ms": (Kind.TIME, 0.001),
    "s": (Kind.TIME, 1.0),
    "m": (Kind.TIME, MINUTE),
    "min": (Kind.TIME, MINUTE),
    "h": (Kind.TIME, HOUR),
    "d": (Kind.TIME, DAY),
    "B": (Kind.SIZE, 1.0),
    "KB": (Kind.SIZE, float(KB)),
    "MB": (Kind.SIZE, float(MB)),
    "GB": (Kind.SIZE, float(GB)),
    "TB": (Kind.SIZE, float(TB)),
    "KiB": (Kind.SIZE, float(KB)),
    "MiB": (Kind.SIZE, float(MB)),
    "GiB": (Kind.SIZE, float(GB)),
    "TiB": (Kind.SIZE, float(TB)),
}
_PER = {"s": 1.0, "m": MINUTE, "min": MINUTE, "h": HOUR, "hour": HOUR, "d": DAY, "day": DAY}


def _all_units() -> dict[str, Unit]:
    found = {name: Unit(name, kind, False, factor) for name, (kind, factor) in _PLAIN.items()}
    for name, (kind, factor) in _PLAIN.items():
        for time, seconds in _PER.items():
            whole = f"{name}/{time}"
            found[whole] = Unit(whole, kind, True, factor / seconds)
    return found


UNITS = _all_units()
"""Every unit by its name; the empty name is a plain number."""

PLAIN = UNITS[""]

SUFFIXES = {"percent": "%", "seconds": "s", "bytes": "B"}
"""The end of a metric's name → the unit of its values (`_total` only says that it is a counter)."""


def unit_of(metric: str) -> Unit:
    """The unit that a metric's name says."""
    last = metric.removesuffix("_total").rsplit("_", 1)[-1]
    return UNITS[SUFFIXES.get(last, "")]


def per_second(unit: Unit) -> Unit:
    """The unit of a rate or slope of values in `unit` (which is one of the base units)."""
    return UNITS[f"{unit.name}/s"]
