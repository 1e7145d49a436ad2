"""Every key that a configuration may have stands in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from opsbot import registry
from opsbot.config.adapters import Packages
from opsbot.config.builtin_rules import built_in
from opsbot.config.conditions import vocabulary
from opsbot.config.conditions.scope import Scope
from opsbot.config.models.check import CheckSection
from opsbot.config.models.file import File
from opsbot.config.thresholds import BUILT_IN

DOCS = Path(__file__).parents[2] / "docs"
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", " ".join(re.findall(r"`([^`\n]+)`", CONFIGURATION))))


def models_in(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """A model and every model below it."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for info in model.model_fields.values():
        for inner in _models_of(info.annotation):
            yield from models_in(inner, seen)


def _models_of(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_of(argument)


def keys(model: type[BaseModel]) -> set[str]:
    """Every key of a model, as it is written in the file."""
    return {
        info.alias or name
        for inner in models_in(model, set())
        for name, info in inner.model_fields.items()
        if not inner.__module__.startswith("opsbot.logs.")  # log formats: see docs/checks.md
    }


def adapters() -> Iterator[tuple[str, type[BaseModel]]]:
    packages = Packages()
    for package in (packages.checks, packages.supervisors, packages.notifiers):
        for kind in registry.kinds(package):
            yield f"{package.rsplit('.', 1)[-1]}.{kind}", registry.load(package, kind).Options


def test_every_key_of_every_section_is_documented() -> None:
    assert not (keys(File) | keys(CheckSection)) - WORDS


@pytest.mark.parametrize(("name", "options"), [pytest.param(*each, id=each[0]) for each in adapters()])
def test_every_option_of_an_adapter_is_documented(name: str, options: type[BaseModel]) -> None:
    assert name.split(".")[1] in WORDS
    assert not keys(options) - WORDS, f"{name}: add them to docs/configuration.md"


def test_every_built_in_rule_is_documented() -> None:
    names = {section.name.removesuffix("_critical") for section in built_in(["NAME"], ["NAME"])}
    names -= {"disk_space"}
    assert not names - WORDS


def test_every_threshold_is_documented_with_its_limits() -> None:
    for name, limits in BUILT_IN.items():
        row = next(line for line in CONFIGURATION.splitlines() if line.startswith(f"| `{name}` |"))
        if name != "disk_free":  # its warning is said elsewhere
            assert f"| {limits.warning:g} | {limits.critical:g} |" in row


def test_every_word_of_conditions_is_documented() -> None:
    scope = Scope("", {}, {}, {}, BUILT_IN)
    assert not set(vocabulary.words(scope)) - WORDS
