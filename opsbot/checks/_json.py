"""JSON from outside: parsed strictly, and looked into by path."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

Json = dict[str, Any] | list[Any] | str | int | float | bool | None

_BOM = b"\xef\xbb\xbf"
_PATH = re.compile(r"[^.\[\]]+|\[\d+\]")
_PATH_SHAPE = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[\d+\])*")
_SHOWN = 80  # characters of a value
NOT_THERE = object()
"""What `at` answers when a path leads nowhere (None is a JSON value)."""


class BadJson(ValueError):
    """The message says in a phrase why a body is not usable JSON."""


def parse(body: bytes) -> Json:
    """A body as JSON. NaN, infinities and numbers beyond a double are refused, as RFC 8259 has them not.

    Raises:
        BadJson: for everything that can be wrong with it.
    """
    if not body:
        raise BadJson("the body is empty")
    if body.startswith(_BOM):
        raise BadJson("it begins with a byte order mark, which JSON may not (RFC 8259, 8.1)")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadJson("it is not UTF-8") from None
    try:
        value: Json = json.loads(text, parse_constant=_no_number, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise BadJson("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"it is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    return value


def _no_number(word: str) -> NoReturn:
    raise BadJson(f"it holds {word}, which is no JSON number")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BadJson(f"it holds the number {digits[:20]}, which is too big")
    return value


def _int(digits: str) -> int:
    if len(digits) > 309 or not math.isfinite(float(digits)):  # 309 digits: the end of a double
        raise BadJson(f"it holds a number of {len(digits)} digits, which is too big")
    return int(digits)


def check_path(path: str) -> str:
    """The path (`services.cache`, `data[0].left`), if it is one; else ValueError."""
    if not _PATH_SHAPE.fullmatch(path):
        raise ValueError(f"`{path}` is no path into JSON: write it like services.cache or data[0].limit")
    return path


def at(value: Json, path: str) -> Any:
    """What is at a path, or NOT_THERE. A number is also an index into a list."""
    for step in _PATH.findall(path):
        key = step.strip("[]")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key[:9]) < len(value):
            value = value[int(key)]
        else:
            return NOT_THERE
    return value


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def number(value: Any) -> float | None:
    """A number or truth value as a metric, None for anything else."""
    return float(value) if isinstance(value, bool | int | float) else None


def shown(value: Any) -> str:
    """A value for people."""
    if value is NOT_THERE:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
