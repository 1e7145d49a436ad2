"""A configuration file as it was written: its values, and where each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsbot.errors import Problem

Path = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top, such as `("rules", 2, "condition")`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file. `line` and `column` count from 1; `start` and `end` are offsets in the text."""

    line: int
    column: int
    start: int = 0
    end: int = 0
    style: str = ""


NOWHERE = Mark(0, 0)
"""The place of what is in no file, such as a default."""

BLOCK_STYLES = ("|", ">")
"""Scalars whose text begins on the line after their mark."""


@dataclass(frozen=True, slots=True)
class Document:
    """`data`: plain dicts, lists and scalars. `keys` and `values`: the place of each key and value."""

    file: str
    data: dict[str, Any]
    text: str = ""
    keys: Mapping[Path, Mark] = field(default_factory=dict)
    values: Mapping[Path, Mark] = field(default_factory=dict)

    def key_mark(self, path: Path) -> Mark:
        """The place of a key; of the nearest thing around it when it is not in the file."""
        for length in range(len(path), 0, -1):
            mark = self.keys.get(path[:length]) or self.values.get(path[:length])
            if mark is not None:
                return mark
        return NOWHERE

    def value_mark(self, path: Path) -> Mark:
        """The place of a value; of the nearest thing around it when it is not in the file."""
        return self.values.get(path) or self.key_mark(path)

    def at(self, path: Path) -> Any:
        """The value at a path, None when there is none."""
        value: Any = self.data
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def place_in(self, path: Path, offset: int) -> Mark:
        """The place of the character `offset` of the string at `path`, through quotes and folded lines."""
        mark = self.value_mark(path)
        value = self.at(path)
        if not isinstance(value, str) or mark.end <= mark.start:
            return mark
        return self._advance(_raw_offset(self.text, mark, value[: offset + 1]))

    def _advance(self, start: int) -> Mark:
        before = self.text[:start]
        return Mark(before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1, start, start)

    def problem(self, path: Path, message: str, mark: Mark | None = None) -> Problem:
        """Something wrong with the value at `path`."""
        mark = mark or self.value_mark(path)
        return Problem(self.file, mark.line, mark.column, dotted(path), message)

    def key_problem(self, path: Path, message: str) -> Problem:
        """Something wrong with the key at `path`."""
        return self.problem(path, message, self.key_mark(path))


def _raw_offset(text: str, mark: Mark, wanted: str) -> int:
    """Where the last character of `wanted` stands in the text: each character is looked for in turn, so
    that quotes, escapes and line folding between them are passed over."""
    at = mark.start
    if mark.style in BLOCK_STYLES:
        at = text.find("\n", at, mark.end) + 1 or at
    found = at
    for character in wanted:
        if character.isspace():
            continue
        hit = text.find(character, at, mark.end)
        if hit < 0:
            break
        found, at = hit, hit + 1
    return found


def dotted(path: Path) -> str:
    """A path as people write it: `rules[2].condition`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
