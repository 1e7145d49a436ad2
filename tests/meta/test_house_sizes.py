"""The house's sizes: a file has one reason to change, a function fits a screen."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("opsbot", "cogs", "tests", "bench")
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 300, 60, 10


def files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (ROOT / folder).rglob("*.py")


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_one_reason_to_change() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in files()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {name: lines for path in files() for name, lines in functions(path) if lines > LONGEST_FUNCTION}
    assert long == {}


def test_most_functions_are_short() -> None:
    product = (p for p in files() if p.relative_to(ROOT).parts[0] in ("opsbot", "cogs"))
    lengths = [lines for path in product for _, lines in functions(path)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION
