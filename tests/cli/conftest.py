"""Folders with a configuration; one opsbot that runs for a whole file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Place, place


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Place]:
    """No opsbot runs."""
    made = place(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An opsbot runs, and its service."""
    made = place(tmp_path_factory.mktemp("beside"))
    try:
        with made.running():
            yield made
    finally:
        made.close()
