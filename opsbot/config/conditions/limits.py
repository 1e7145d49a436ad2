"""The constant side of a comparison: a number, or a threshold's path."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.config.conditions.mistakes import ConditionError, nearest
from opsbot.config.conditions.scope import Scope
from opsbot.config.conditions.syntax import Name, Number, Value
from opsbot.config.conditions.units import UNITS, Unit

_LEVELS = ("warning", "critical")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in `unit` (None: in the unit of what it is compared with), and what its threshold asks for."""

    value: float
    unit: Unit | None
    recovery: float | None = None
    hold: float = 0.0
    samples: int = 1
    window: float = 0.0


def limit_at(value: Value, scope: Scope) -> Limit:
    """The limit that a number or a threshold's path stands for.

    Raises:
        ConditionError: no such threshold, with the nearest right path.
    """
    if isinstance(value, Number):
        return Limit(value.value, UNITS[value.unit] if value.unit else None)
    assert isinstance(value, Name), "a call is no constant"
    return _threshold(value, scope)


def _threshold(path: Name, scope: Scope) -> Limit:
    root, _, rest = path.text.partition(".")
    name, _, level = rest.partition(".")
    if root != "thresholds" or name not in scope.limits or level not in _LEVELS:
        known = [f"thresholds.{name}.{level}" for name in scope.limits for level in _LEVELS]
        raise ConditionError(f"there is no threshold `{path.text}`: {nearest(path.text, known)}", path.at)
    limits = scope.limits[name]
    value, recovery = limits.level(level)
    return Limit(value, limits.unit, recovery, limits.hold, limits.samples, limits.window)
