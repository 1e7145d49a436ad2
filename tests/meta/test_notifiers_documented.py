"""Every notifier and every option of it stands in docs/notifiers.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsbot import registry
from opsbot.notifiers.base import NotifierOptions

DOC = (Path(__file__).parents[2] / "docs" / "notifiers.md").read_text()
SECTIONS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", DOC, re.MULTILINE | re.DOTALL))
KINDS = registry.kinds("opsbot.notifiers")
COMMON = set(NotifierOptions.model_fields)


def rows(text: str) -> set[str]:
    """The options that its tables name."""
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_every_kind_has_a_section_and_no_section_is_left_over() -> None:
    assert set(SECTIONS) == set(KINDS)


def test_what_all_notifiers_have_is_described_once() -> None:
    assert rows(DOC.split("\n## ")[0]) >= COMMON


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_is_described_and_no_description_is_left_over(kind: str) -> None:
    options: type[NotifierOptions] = registry.load("opsbot.notifiers", kind).Options
    assert rows(SECTIONS[kind]) == set(options.model_fields) - COMMON
