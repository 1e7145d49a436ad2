"""Pydantic's errors as sentences for people: what is wrong, the nearest right key, the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from opsbot.config.conditions.mistakes import nearest
from opsbot.config.document import Path
from opsbot.config.fields import WORD
from opsbot.domain.quiet import SPAN

_TYPES = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text: put it in quotes",
    "dict_type": "must hold keys with values",
    "model_type": "must hold keys with values",
    "model_attributes_type": "must hold keys with values",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "set_type": "must be a list",
    "path_type": "must be a path",
    "missing": "is missing: add it",
}
"""Type of error → what people read."""

_PATTERNS = {
    SPAN: "must be two times of the day such as `22:00-07:00`",
    WORD: "must be a name: a letter, then letters, digits, `_` and `-`, at most 64",
}
"""Pattern → what people read in its place."""

_BOUNDS = {
    "greater_than": ("gt", "must be greater than {}"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "too_short": ("min_length", "needs at least {} of them"),
    "too_long": ("max_length", "may have at most {} of them"),
    "string_too_short": ("min_length", "needs at least {} characters"),
    "string_too_long": ("max_length", "may have at most {} characters"),
    "string_pattern_mismatch": ("pattern", "must match `{}`"),
}


def sentence(error: ErrorDetails, known: list[str], shown: str) -> str:
    """One sentence. `known`: the keys that are right there; `shown`: the value as written, or empty."""
    kind = error["type"]
    was = f", not `{shown}`" if shown else ""
    if kind == "extra_forbidden":
        return f"is not a known key: {nearest(str(error['loc'][-1]), known)}"
    if kind in ("enum", "literal_error"):
        return f"must be {error.get('ctx', {}).get('expected', 'another value')}{was}."
    if kind in _TYPES:
        return f"{_TYPES[kind]}{'' if kind == 'missing' else was}."
    if kind in ("too_short", "string_too_short") and error.get("ctx", {}).get("min_length") == 1:
        return "must not be empty."
    if kind in _BOUNDS:
        key, text = _BOUNDS[kind]
        text = _PATTERNS.get(str(error.get("ctx", {}).get("pattern")), text)
        return f"{text.format(_bound(error.get('ctx', {}).get(key)))}{was}."
    message = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{message[:1].lower()}{message[1:].rstrip('.')}."


def _bound(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def keys_at(model: type[BaseModel], location: Path) -> list[str]:
    """The keys that a model takes where an unknown one was found (`location` ends with that one)."""
    current: Any = model
    for step in location[:-1]:
        current = _field_type(current, step)
    if not _is_model(current):
        return []
    return [info.alias or name for name, info in current.model_fields.items()]


def _field_type(current: Any, step: str | int) -> Any:
    """The type behind a key: of a model's field, or the last argument of a container's type."""
    if _is_model(current):
        fields = current.model_fields.items()
        found = [info.annotation for name, info in fields if step in (name, info.alias)]
        return _unwrapped(found[0]) if found else None
    arguments = getattr(current, "__args__", ())
    inner = [_unwrapped(argument) for argument in arguments]
    return next((a for a in reversed(inner) if a not in (None, type(None), Ellipsis)), None)


def _unwrapped(annotation: Any) -> Any:
    """The model of `Model | None` and of `Annotated[Model, …]`, else the annotation."""
    if _is_model(annotation):
        return annotation
    models = [_unwrapped(argument) for argument in getattr(annotation, "__args__", ())]
    if getattr(annotation, "__origin__", None) in (dict, list, tuple, Mapping):
        return annotation
    return next((m for m in models if _is_model(m)), annotation)


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)
