"""`${NAME}` and `${NAME:-default}` in the strings of a configuration; `$${` stands for a plain `${`.

What was put in is remembered, so that a later message can show `${NAME}` instead of the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsbot.config.document import Document, Path
from opsbot.errors import Problem

_USE = re.compile(
    r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\}|(?P<broken>\$\{[^}]{0,40}\}?)"
)

MIN_HIDDEN = 4
"""Shorter values are not hidden in messages: they would hit innocent text."""


@dataclass(eq=False, repr=False)
class Expansion:
    """The data with its variables put in. `unset`: paths at which a variable has no value, with the problem;
    `broken`: what is wrong for certain. `used`: the names that were put in at a path."""

    data: dict[str, Any] = field(default_factory=dict)
    unset: dict[Path, Problem] = field(default_factory=dict)
    broken: list[Problem] = field(default_factory=list)
    used: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def hide(self, text: str) -> str:
        """Replaces what came from the environment by the name it came from."""
        for name, value in sorted(self.values.items(), key=lambda item: -len(item[1])):
            if len(value) >= MIN_HIDDEN:
                text = text.replace(value, f"${{{name}}}")
        return text


def expand(document: Document, environ: Mapping[str, str]) -> Expansion:
    """Puts the environment into a document. An empty variable counts as unset, as in the shell's `:-`."""
    found = Expansion()
    found.data = _walk(document.data, (), document, environ, found)
    return found


def _walk(value: Any, path: Path, document: Document, environ: Mapping[str, str], found: Expansion) -> Any:
    if isinstance(value, dict):
        return {k: _walk(v, (*path, k), document, environ, found) for k, v in value.items()}
    if isinstance(value, list):
        return [_walk(v, (*path, i), document, environ, found) for i, v in enumerate(value)]
    if isinstance(value, str) and "${" in value:
        return _fill(value, path, document, environ, found)
    return value


def _fill(text: str, path: Path, document: Document, environ: Mapping[str, str], found: Expansion) -> str:
    names: list[str] = []

    def put(use: re.Match[str]) -> str:
        name = use["name"]
        if use["broken"]:
            found.broken.append(document.problem(path, _broken(use["broken"])))
        if not name:
            return "${" if use.group() == "$${" else use.group()
        value = environ.get(name, "")
        if value:
            names.append(name)
            found.values[name] = value
        elif use["default"] is None:
            found.unset[path] = document.problem(path, _unset(name))
            return use.group()
        return value or use["default"]

    filled = _USE.sub(put, text)
    found.used[path] = tuple(names)
    return filled


def _unset(name: str) -> str:
    return (
        f"the environment variable `{name}` is not set: export it before opsbot starts, "
        f"or give a default with `${{{name}:-value}}`."
    )


def _broken(text: str) -> str:
    return (
        f"`{text}` is not a variable: write `${{NAME}}` or `${{NAME:-default}}`, "
        f"and `$${{` where a plain `${{` is meant."
    )
