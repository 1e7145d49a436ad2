"""Patterns that are compiled when they are needed first: mostly never, and commands start faster."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cached_property


class Lazy:
    """As `re.Pattern`, as far as it is used here."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(self._pattern)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All matches."""
        return self._regex.finditer(text)

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The first from there on."""
        return self._regex.search(text, start)

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The one that begins there."""
        return self._regex.match(text, start)

    def fullmatch(self, text: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """The one from here to there."""
        return self._regex.fullmatch(text, start, end)

    def findall(self, text: str) -> list[str]:
        """The texts of all matches of a pattern without groups."""
        return self._regex.findall(text)
