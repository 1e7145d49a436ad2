"""The port of the engines that search lines: what they are given and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

Ends = list[list[int]]
"""For each pattern the lines that it matches, each by the place of its newline in the chunk; ascending."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A pattern (RE2's kind) and, where there is one, a cheaper one that matches wherever it does."""

    exact: str
    hint: str = ""


class Engine(Protocol):
    """All patterns of a feed, searched in one pass, in time linear in the length of the chunk. Every engine
    answers the same: that of `_re2` is the measure."""

    def ends(self, chunk: bytes) -> Ends:
        """`chunk`: whole lines in valid UTF-8, each ended by a newline. Not to be called twice at once,
        unless the engine says otherwise."""

    def lines(self, chunk: bytes) -> int:
        """How many lines there are."""
