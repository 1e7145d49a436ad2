"""docs/faults.md names real tests: each exists, and no fault is without one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
RULE = re.compile(r"\|[-|]+\|")


def rows() -> list[list[str]]:
    """The cells of each fault: what it is, what must come of it, its tests."""
    lines = [line for line in DOCUMENT.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if RULE.fullmatch(line)}
    kept = [line for number, line in enumerate(lines) if number not in heads and not RULE.fullmatch(line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the tests of a file; none when there is no such file."""
    path = TESTS / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return frozenset(node.name for node in found if node.name.startswith("test_"))


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED.findall(DOCUMENT))))
def test_a_named_test_exists(file: str, name: str) -> None:
    assert name in names_in(file), f"docs/faults.md names {file}::{name}, which is not there"


def test_every_fault_has_an_expectation_and_a_test() -> None:
    assert len(rows()) > 50
    for row in rows():
        fault, expected, tests = row
        assert fault
        assert expected
        assert NAMED.sub("", tests).strip() == "", f"{fault}: this is no `file::test`: {tests}"
        assert NAMED.search(tests), f"{fault}: no test"
