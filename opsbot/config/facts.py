"""Settings as facts that can be compared and read: what differs between two, at which place, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from opsbot.domain.expr import All, AnyOf, Compare, Expr, Not, Operand, Ratio, Reading, Seen
from opsbot.text import number_text, one_line

SHOWN = 120
"""Characters of a value that are shown."""

DERIVED = frozenset({"reads", "shows", "by_gateway", "when"})
"""Fields that follow from others."""

PRIVATE = frozenset({"env", "headers", "labels"})
"""Mappings whose keys are shown and whose values are not: they hold passwords as often as not."""

NONE = "nothing"

_EXPR = (All, AnyOf, Compare, Not, Seen)
_GONE = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """`path`: keys from the top of what was compared; `was` and `now`: in words, both empty for what is not
    shown."""

    path: tuple[str, ...]
    was: str = ""
    now: str = ""

    def __str__(self) -> str:
        name = ".".join(self.path) or "it"
        return f"{name}: {self.was} → {self.now}" if self.was or self.now else f"{name}: changed"


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """What differs between two values of one kind, in the order of their fields."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_mapping(old, new, path)
    elif type(old) is type(new) and isinstance(old, BaseModel):
        for name in type(old).model_fields:
            yield from differences(getattr(old, name), getattr(new, name), (*path, name))
    elif type(old) is type(new) and is_dataclass(old) and not isinstance(old, _EXPR):
        for field in fields(old):
            if field.name not in DERIVED:
                yield from differences(
                    getattr(old, field.name), getattr(new, field.name), (*path, field.name)
                )
    elif _secret(old) or _secret(new):
        yield Difference(path)
    else:
        yield Difference(path, worded(old), worded(new))


def _of_mapping(
    old: Mapping[Any, Any], new: Mapping[Any, Any], path: tuple[str, ...]
) -> Iterator[Difference]:
    hidden = bool(path) and path[-1] in PRIVATE
    for key in dict.fromkeys([*old, *new]):
        was, now, place = old.get(key, _GONE), new.get(key, _GONE), (*path, str(key))
        if was == now:
            continue
        if hidden or _secret(was) or _secret(now):
            yield Difference(place)
        elif _GONE in (was, now):
            yield Difference(place, worded(was), worded(now))
        else:
            yield from differences(was, now, place)


def _secret(value: Any) -> bool:
    return isinstance(value, SecretStr)


def worded(value: Any) -> str:
    """A value in words, on one bounded line."""
    return one_line(_worded(value), SHOWN) or "empty"


def _worded(value: Any) -> str:
    if value is None or value is _GONE:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, int):  # ids stay as they are, without separators
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, _EXPR):
        return condition_text(value)
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(map(_worded, value))) or "none"
    if isinstance(value, tuple | list):
        return " ".join(map(_worded, value)) or "none"
    if isinstance(value, str | Path):
        return f"`{value}`"
    return "changed"


def condition_text(condition: Expr) -> str:
    """A rule's condition as people would write it."""
    match condition:
        case All(terms=terms):
            return " and ".join(map(_term, terms))
        case AnyOf(terms=terms):
            return " or ".join(map(_term, terms))
        case Not(term=term):
            return f"not {_term(term)}"
        case Seen(check=check, outcomes=outcomes, name=name):
            return name or f"{check} is {' or '.join(sorted(outcomes))}"
        case Compare(left=left, op=op, limit=limit, recovery=recovery):
            text = f"{_operand(left)} {op.value} {number_text(limit)}{left.unit}"
            return text if recovery is None else f"{text} (until {number_text(recovery)}{left.unit})"


def _term(term: Expr) -> str:
    text = condition_text(term)
    return f"({text})" if isinstance(term, All | AnyOf) else text


def _operand(operand: Operand) -> str:
    match operand:
        case Reading(metric=metric, name=name, reduce=reduce, window=window):
            text = name or metric
            return text if not window else f"{reduce.value}({text}, {number_text(window)}s)"
        case Ratio(part=part, name=name, window=window):
            return f"{name or part} over {number_text(window)}s"
