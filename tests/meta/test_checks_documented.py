"""Every check, option and metric is documented in docs/checks.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from opsbot import registry
from opsbot.checks.base import SECTIONS

PACKAGE = "opsbot.checks"
DOCS = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()
SMALLEST: Mapping[str, dict[str, Any]] = {
    "http": {"url": "http://localhost:5000/health", "metrics": {"key_left": "data.left"}},
    "port": {"port": 5000},
    "heartbeat": {"secret": "0123456789abcdef", "every": 60},
    "log": {"path": "bot.log", "patterns": {"name": "x"}},
    "gateway": {"path": "bot.log"},
    "upstream": {"path": "bot.log", "probe": {"url": "http://localhost/"}},
}
PEOPLES_OWN = {"key_left"}
GENERAL = frozenset({"type", "interval_seconds"})
KINDS = registry.kinds(PACKAGE)


def section(kind: str) -> str:
    """The section of a check, from its heading to the next of the same rank."""
    found = re.search(rf"^## `{kind}`\n(.*?)(?=^## |\Z)", DOCS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/checks.md has no section `{kind}`"
    return found.group(1)


def option_names(model: type[BaseModel]) -> Iterator[str]:
    """Names as people write them, those of nested models included."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from option_names(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_of_a_check_is_documented(kind: str) -> None:
    text, options = section(kind), registry.load(PACKAGE, kind).Options
    missing = [name for name in option_names(options) if f"`{name}`" not in text]
    assert not missing


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_of_a_check_is_documented(kind: str) -> None:
    module = registry.load(PACKAGE, kind)
    produced = module.metrics(module.Options(**SMALLEST.get(kind, {})))
    missing = [name for name in produced if name not in PEOPLES_OWN and f"`{name}`" not in section(kind)]
    assert not missing
    assert all(produced.values()), "each metric says what it means"


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_has_an_example_and_a_place_in_the_report(kind: str) -> None:
    assert "```yaml" in section(kind)
    assert registry.load(PACKAGE, kind).SECTION in SECTIONS


def test_the_documentation_names_no_check_that_does_not_exist() -> None:
    assert set(re.findall(r"^## `(\w+)`", DOCS, re.MULTILINE)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_are_valid(kind: str) -> None:

    module = registry.load(PACKAGE, kind)
    for block in re.findall(r"```yaml\n(.*?)```", section(kind), re.DOTALL):
        block = re.sub(r"\$\{\w+\}", "a-secret-of-20-letters", block)
        for name, given in yaml.safe_load(block)["checks"].items():
            options = {key: value for key, value in (given or {}).items() if key not in GENERAL}
            assert (given or {}).get("type", name) == kind
            module.Options(**options)
