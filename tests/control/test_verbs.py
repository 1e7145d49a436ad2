"""No verb of the socket is without a test."""

from __future__ import annotations

from pathlib import Path

from opsbot.control.server import VERBS

FILES = Path(__file__).parents[1].rglob("test_*.py")
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in FILES)


def test_every_verb_is_asked_in_some_test() -> None:
    assert [verb for verb in VERBS if f'"{verb}"' not in TESTS] == []
