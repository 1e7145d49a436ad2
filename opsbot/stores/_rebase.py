"""Moments of an earlier boot, moved to this boot's clock.

`Moment.mono` of two boots cannot be compared. The store remembers, for each boot, the moment of its last
commit on both clocks; the wall clock says how long ago that was, and every moment of that boot moves by
the same number of seconds. So durations inside a boot stay exact, what lay in the future (a pause's end, a
notice's `due`) stays as far from what lay in the past, and the past stays past.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from opsbot.domain.moment import Moment

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BootMark:
    """The last moment at which something was committed in a boot."""

    boot_id: str
    at: Moment


def shift_of(mark: BootMark, boot_id: str, now: Moment) -> float:
    """Seconds to add to `mono` of that boot's moments; 0 for this boot.

    A wall clock that went backwards over the reboot counts as no time passed.
    """
    if mark.boot_id == boot_id:
        return 0.0
    passed = max(0.0, now.wall - mark.at.wall)
    return now.mono - passed - mark.at.mono


def shifted(value: T, seconds: float) -> T:
    """The value with `seconds` added to `mono` of every moment in it; `wall` is a fact and stays."""
    if not seconds:
        return value
    moved: T = _moved(value, seconds)
    return moved


def _moved(value: Any, seconds: float) -> Any:
    if isinstance(value, Moment):
        return Moment(value.mono + seconds, value.wall)
    if isinstance(value, tuple):
        return tuple(_moved(each, seconds) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    before = {field.name: getattr(value, field.name) for field in fields(value)}
    after = {name: _moved(each, seconds) for name, each in before.items()}
    changed = {name: each for name, each in after.items() if each is not before[name]}
    return replace(value, **changed) if changed else value
