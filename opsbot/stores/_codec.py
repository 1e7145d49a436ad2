"""Frozen dataclasses to JSON and back, for rows and for the journal.

A reader is tolerant: fields it does not know are ignored and fields it misses take their defaults, so
that rows outlive the version that wrote them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from opsbot.domain.change import Change

T = TypeVar("T")
Reader = Callable[[Any], Any]


class Unreadable(ValueError):
    """A stored text does not hold what was expected."""


def dump(value: object) -> str:
    """One line of ASCII JSON: sorted keys, so that equal values have equal texts.

    ASCII, because a log line may hold lone surrogates, which neither SQLite nor UTF-8 can.
    """
    return _ENCODER.encode(value)


def parse(kind: type[T], text: str | bytes) -> T:
    """The dataclass that `dump` wrote.

    Raises:
        Unreadable: not JSON, or not this dataclass.
    """
    try:
        value: T = _reader(kind)(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unreadable(f"not a {kind.__name__}: {error!r}") from error
    return value


def read_change(name: str, body: Any) -> Change:
    """The change of the kind `name` from its already parsed JSON.

    Raises:
        Unreadable: no such kind, or not of it.
    """
    try:
        change: Change = _reader(CHANGE_KINDS[name])(body)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unreadable(f"not a change of the kind {name!r}: {error!r}") from error
    return change


def _as_fields(value: object) -> dict[str, Any]:
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} cannot be stored")
    kind: type = type(value)
    return {name: getattr(value, name) for name in _names(kind)}


_ENCODER = json.JSONEncoder(default=_as_fields, sort_keys=True, separators=(",", ":"))

CHANGE_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Change)}
"""Every kind of change by the name under which the journal keeps it."""


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _reader(hint: Any) -> Reader:
    """What turns parsed JSON into a value of the annotated type, made once for each."""
    return _made_reader(hint)


@cache
def _made_reader(hint: Any) -> Reader:
    if is_dataclass(hint):
        return _dataclass_reader(hint)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional_reader(hint)
    if origin is tuple:
        item = _reader(get_args(hint)[0])
        return lambda raw: tuple(item(each) for each in raw)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _plain_reader(hint)


def _dataclass_reader(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    required = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]

    def read(raw: Any) -> Any:
        for name in required:
            if name not in raw:
                raise KeyError(name)
        return kind(**{name: readers[name](value) for name, value in raw.items() if name in readers})

    return read


def _optional_reader(hint: Any) -> Reader:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"{hint} cannot be stored: only `X | None` unions can")
    inner = _reader(kinds[0])
    return lambda raw: None if raw is None else inner(raw)


def _plain_reader(kind: type) -> Reader:
    if kind is float:
        return _read_float
    if kind not in (str, int, bool):
        raise TypeError(f"{kind} cannot be stored")

    def read(raw: Any) -> Any:
        if type(raw) is not kind:
            raise TypeError(f"{raw!r} is not {kind.__name__}")
        return raw

    return read


def _read_float(raw: Any) -> float:
    if type(raw) not in (float, int):
        raise TypeError(f"{raw!r} is not a number")
    return float(raw)
