"""The strict YAML loader.

Scalars are those of the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema): `22:00`, `on`
and `yes` are text. What makes a configuration ambiguous or dangerous is refused with its place: a key given
twice, tags, anchors, aliases and merge keys (so also alias bombs), deep nesting, large files.

It reads libyaml's events instead of its nodes: no recursion, and every event has its place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, Never

import yaml

from opsbot.config.document import Document, Mark, Path, dotted
from opsbot.errors import ConfigError, Problem

MAX_BYTES = 1024 * 1024
"""Largest configuration file."""

MAX_DEPTH = 50
"""Deepest nesting of mappings and lists."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]{1,30}\Z")
_OCTAL = re.compile(r"0o[0-7]{1,30}\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,30}\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")


def load_file(path: FilePath) -> Document:
    """Reads a configuration file.

    Raises:
        ConfigError: it cannot be read, is too large, or is not what `load_text` takes.
    """
    try:
        if not path.is_dir() and path.exists() and not path.is_file():
            _refuse(str(path), "is not a regular file: name one that is.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([Problem(str(path), 0, 0, "", _why_unreadable(error))]) from None
    if len(raw) > MAX_BYTES:
        _refuse(str(path), f"is larger than {MAX_BYTES // 1024} KiB: this is not an opsbot configuration.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        _refuse(str(path), "is not UTF-8 text: save the file as UTF-8.", Mark(line, column))
    return load_text(text, str(path))


def load_text(text: str, file: str = "<text>") -> Document:
    """Reads a configuration from text.

    Raises:
        ConfigError: not one YAML document with a mapping at its top, or something that is refused.
    """
    reader = _Reader(file)
    try:
        for event in _events(text):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        _refuse(file, _sentence(error), _mark(error.problem_mark or error.context_mark))
    except (yaml.YAMLError, UnicodeError) as error:
        _refuse(file, f"cannot be read as YAML: {_first_line(error)}.")
    data = {} if reader.root is None else reader.root
    if not isinstance(data, dict):
        _refuse(file, 'must hold keys with values at its top, such as `version: "1.0"`.', Mark(1, 1))
    return Document(file, data, text, reader.keys, reader.values)


def _events(text: str) -> Iterator[Any]:
    loader = _Loader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


@dataclass(eq=False, repr=False)
class _Frame:
    """A mapping or list that is being read; `key` waits for its value."""

    holder: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None

    def step(self) -> str | int | None:
        return len(self.holder) if isinstance(self.holder, list) else self.key


@dataclass(eq=False, repr=False)
class _Reader:
    """Builds the data from events."""

    file: str
    root: Any = None
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    documents: int = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._document(event)
            case yaml.AliasEvent():
                self._refuse("aliases (`*name`) are not used here: write the value out.", event)
            case yaml.ScalarEvent():
                self._no_extras(event)
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._open({}, event)
            case yaml.SequenceStartEvent():
                self._open([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.stack.pop()

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse("a second document begins here: a configuration is one document.", event)

    def _no_extras(self, event: Any) -> None:
        if event.tag not in (None, "!"):
            self._refuse("tags (`!…`) are not used here: leave it out.", event)
        if event.anchor is not None:
            self._refuse("anchors (`&name`) are not used here: leave it out.", event)

    def _open(self, holder: dict[str, Any] | list[Any], event: Any) -> None:
        self._no_extras(event)
        if self._awaits_key():
            self._refuse("a key must be plain text.", event)
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(f"is nested deeper than {MAX_DEPTH} levels.", event)
        path = self._put(holder, event)
        self.stack.append(_Frame(holder, path))

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].holder, dict) and self.stack[-1].key is None

    def _scalar(self, event: Any) -> None:
        if self._awaits_key():
            self._key(event)
        else:
            self._put(self._value(event), event)

    def _key(self, event: Any) -> None:
        frame = self.stack[-1]
        path = (*frame.path, event.value)
        if event.value == "<<" and event.implicit[0]:
            self._refuse("merge keys (`<<`) are not used here: write the keys out.", event, path)
        if event.value in frame.holder:
            first = self.keys[path]
            self._refuse(f"is given twice, first in line {first.line}: keep one of them.", event, path)
        self.keys[path] = _event_mark(event)
        frame.key = event.value

    def _put(self, value: Any, event: Any) -> Path:
        if not self.stack:
            self.root = value
            self.values[()] = _event_mark(event)
            return ()
        frame = self.stack[-1]
        step = frame.step()
        assert step is not None, "a value follows a key"
        path = (*frame.path, step)
        self.values[path] = _event_mark(event)
        if isinstance(frame.holder, list):
            frame.holder.append(value)
        else:
            frame.holder[str(step)] = value
            frame.key = None
        return path

    def _value(self, event: Any) -> Any:
        return plain_scalar(event.value) if event.implicit[0] else event.value

    def _refuse(self, message: str, event: Any, path: Path | None = None) -> Never:
        if path is None and self.stack:
            step = self.stack[-1].step()
            path = self.stack[-1].path + (() if step is None else (step,))
        _refuse(self.file, message, _event_mark(event), dotted(path or ()))


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar by the core schema; whatever is none of its forms is text."""
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text.lower() == "true"
    if _INT.match(text):
        return int(text)
    if _OCTAL.match(text):
        return int(text[2:], 8)
    if _HEX.match(text):
        return int(text[2:], 16)
    if _FLOAT.match(text):
        value = float(text)
        return value if math.isfinite(value) else text
    if _SPECIAL.match(text):
        return math.nan if text[1].lower() == "n" else -math.inf if text[0] == "-" else math.inf
    return text


def _event_mark(event: Any) -> Mark:
    start, end = event.start_mark, event.end_mark
    style = getattr(event, "style", None) or ""
    return Mark(start.line + 1, start.column + 1, start.index, end.index, style)


def _mark(mark: Any) -> Mark:
    return Mark(0, 0) if mark is None else Mark(mark.line + 1, mark.column + 1)


def _sentence(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or "unknown mistake").rstrip(".")
    context = f" {error.context}" if error.context else ""
    return (
        f"is not valid YAML: {problem}{context}. Look at this line and the one before it: indentation, "
        f"a missing quote, a `:` without a space after it."
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _why_unreadable(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "does not exist: `opsbot init` writes one."
        case IsADirectoryError():
            return "is a directory: name the file in it."
        case PermissionError():
            return "cannot be read, permission is missing: make it readable for the user that runs opsbot."
        case _:
            return f"cannot be read: {error.strerror or error}."


def _refuse(file: str, message: str, mark: Mark | None = None, key: str = "") -> Never:
    mark = mark or Mark(0, 0)
    raise ConfigError([Problem(file, mark.line, mark.column, key, message)]) from None
