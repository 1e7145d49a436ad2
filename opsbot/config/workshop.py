"""The bench on which a configuration is put together: the document, its values, and what is wrong so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from opsbot.config.document import Document, Path
from opsbot.config.environment import Expansion
from opsbot.config.secret_files import SecretUnreadable, read_secret
from opsbot.errors import Problem

M = TypeVar("M", bound=BaseModel)

MAX_SHOWN = 60
"""Characters of a wrong value that are shown."""


@dataclass(eq=False, repr=False)
class Workshop:
    """`base_dir`: where relative paths begin. `watch_only`: see `load`. `problems` by path, in the order
    found; `notices`: remarks; `files`: of secrets, read; `settled`: paths whose mistake is told, so that what
    follows from it is not."""

    document: Document
    expansion: Expansion
    environ: Mapping[str, str]
    base_dir: FilePath
    watch_only: bool = False
    problems: dict[tuple[Path, str], Problem] = field(default_factory=dict)
    secrets: dict[str, SecretStr] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    settled: set[Path] = field(default_factory=set)
    files: list[FilePath] = field(default_factory=list)

    def value(self, path: Path) -> Any:
        """The value at a path with its variables put in; None when there is none."""
        value: Any = self.expansion.data
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def wrong(self, path: Path, message: str, offset: int | None = None) -> None:
        """Records a mistake in the value at `path`; `offset`: the character of the string, where known."""
        mark = None
        if offset is not None and path not in self.expansion.used:
            mark = self.document.place_in(path, offset)
        self._record(path, self.document.problem(path, self.expansion.hide(message), mark))

    def wrong_key(self, path: Path, message: str) -> None:
        """Records a mistake in the key at `path`."""
        self._record(path, self.document.key_problem(path, self.expansion.hide(message)))

    def wrong_variable(self, name: str, message: str) -> None:
        """Records a mistake in a variable that the file does not name."""
        self.problems[(("$", name), message)] = Problem("environment", 0, 0, name, message)

    def remark(self, text: str) -> None:
        """A one-line remark for `check-config`, once."""
        if text not in self.notices:
            self.notices.append(text)

    def _record(self, path: Path, problem: Problem) -> None:
        if path not in self.expansion.unset and path not in self.settled:
            self.problems[(path, problem.message)] = problem

    def build(self, model: type[M], path: Path, data: Any = None) -> M | None:
        """Validates the data at `path` (or `data` in its stead); None when something is wrong with it."""
        data = self.value(path) if data is None else data
        if isinstance(data, dict):
            data = self._with_secrets(model, path, data)
        try:
            return model.model_validate({} if data is None else data)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=True):
                self._complain(model, path, detail)
            return None

    def _complain(self, model: type[BaseModel], path: Path, detail: Any) -> None:
        from opsbot.config import complaints  # here: only a wrong file needs it

        location = self._written(path, tuple(detail["loc"]))
        known = complaints.keys_at(model, tuple(detail["loc"]))
        message = complaints.sentence(detail, known, self._shown((*path, *location)))
        place = (*path, *location)
        if detail["type"] in ("extra_forbidden", "missing"):
            self.wrong_key(place, message)
        else:
            self.wrong(place, message)

    def _written(self, path: Path, location: Path) -> Path:
        """A location without the steps that only pydantic knows, such as a member of a union."""
        kept: list[str | int] = []
        for number, step in enumerate(location):
            last = number == len(location) - 1
            holder = self.document.at((*path, *kept))
            inside = isinstance(holder, dict) and (step in holder or last)
            inside = inside or (isinstance(holder, list) and isinstance(step, int))
            if (inside or holder is None) and step != "[key]":  # it means the name itself
                kept.append(step)
        return tuple(kept)

    def _shown(self, path: Path) -> str:
        """The value as written in the file, never what came from the environment."""
        value = self.document.at(path)
        if value is None or isinstance(value, dict | list):
            return ""
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
        return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"

    def _with_secrets(self, model: type[BaseModel], path: Path, data: dict[str, Any]) -> dict[str, Any]:
        data = dict(data)
        for name, info in model.model_fields.items():
            if "SecretStr" not in repr(info.annotation):
                continue
            file_key = f"{name}_file"
            if file_key in data and (file_key not in model.model_fields or name not in data):
                self._from_file(path, name, data, keep=file_key in model.model_fields)
            elif info.annotation in (SecretStr, SecretStr | None) and not _text(info.default):
                self._no_literal((*path, name))
            self._remember((*path, name))
        return data

    def _from_file(self, path: Path, name: str, data: dict[str, Any], *, keep: bool) -> None:
        file_key = f"{name}_file"
        given = data.get(file_key) if keep else data.pop(file_key)
        if name in data:
            self.wrong_key((*path, file_key), f"and `{name}` are both given: keep one of them.")
            return
        data[name] = "unreadable"  # stands in, so that only the file is complained about
        try:
            file = self.base_dir / FilePath(str(given or "")).expanduser()
            self.files.append(file)
            data[name] = read_secret(file)
        except (SecretUnreadable, RuntimeError) as error:
            self.wrong((*path, file_key), f"{error}")
            self.settled |= {(*path, name), path}
            return
        self.secrets[".".join(map(str, (*path, name)))] = SecretStr(data[name])

    def _no_literal(self, path: Path) -> None:
        text = self.document.at(path)
        if isinstance(text, str) and text and "${" not in text:
            key = path[-1]
            self.wrong(
                path,
                f"is a secret and does not belong into this file: write `${{NAME}}` and set that variable, "
                f"or name a 0600 file with `{key}_file`.",
            )
            self.settled.add(path)

    def _remember(self, path: Path) -> None:
        for place, names in self.expansion.used.items():
            if place[: len(path)] == path:
                for name in names:
                    self.secrets[name] = SecretStr(self.environ[name])


def _text(default: Any) -> str:
    return default.get_secret_value() if isinstance(default, SecretStr) else ""
