"""Options of adapters: each check, supervisor and notifier validates its own, in its own module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from opsbot import registry
from opsbot.config.conditions.mistakes import nearest
from opsbot.config.document import Path
from opsbot.config.workshop import Workshop
from opsbot.errors import UsageError

FILE_KEYS = ("file_path", "_file", "_dir", "cwd")
"""Ends of option names that hold a path although their type is text."""


@dataclass(frozen=True, eq=False, repr=False)
class Packages:
    """Where adapters are looked for; tests bring their own."""

    checks: str = "opsbot.checks"
    supervisors: str = "opsbot.supervisors"
    notifiers: str = "opsbot.notifiers"


@dataclass(frozen=True, eq=False, repr=False)
class Adapter:
    """One adapter with its validated options; `module` is where it lives."""

    kind: str
    module: ModuleType
    options: Any

    def metrics(self) -> Mapping[str, str]:
        """The metrics it gives, by name, as its module says (none when it says nothing)."""
        tell = getattr(self.module, "metrics", None)
        return tell(self.options) if tell else {}


def find(shop: Workshop, package: str, kind: Any, path: Path) -> ModuleType | None:
    """The module of a kind; None (and a problem at `path`) when there is none."""
    known = registry.kinds(package)
    if not isinstance(kind, str) or kind not in known:
        what = package.rsplit(".", 1)[-1].removesuffix("s")
        shop.wrong(path, f"there is no {what} of type `{kind}`: {nearest(str(kind), known)}")
        return None
    try:
        return registry.load(package, kind)
    except UsageError as error:
        shop.wrong(path, str(error))
        return None


def options(
    shop: Workshop, module: ModuleType, kind: str, path: Path, data: Mapping[str, Any]
) -> Adapter | None:
    """Validates an adapter's own options."""
    model: type[BaseModel] = module.Options
    built = shop.build(model, path, dict(data))
    return None if built is None else Adapter(kind, module, rooted(built, shop.base_dir))


def rooted(built: BaseModel, base: FilePath) -> BaseModel:
    """The options with relative paths made absolute: they begin at `base`."""
    changes: dict[str, Any] = {}
    for name in type(built).model_fields:
        value = getattr(built, name)
        if isinstance(value, BaseModel):
            changes[name] = rooted(value, base)
        elif isinstance(value, FilePath) and not value.is_absolute():
            changes[name] = base / value.expanduser()
        elif isinstance(value, str) and value and name.endswith(FILE_KEYS):
            changes[name] = str(base / FilePath(value).expanduser())
    return built.model_copy(update=changes) if changes else built
