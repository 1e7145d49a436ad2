"""Many patterns over many lines in one pass, in linear time whatever the pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import re2

from opsbot.logs._engine import Ends, Engine, Probe
from opsbot.logs._engines import fast, shared
from opsbot.logs._re2 import Re2Engine, options_of_lines

LINE_LIMIT = 64 * 1024
"""Bytes of a line that are looked at; the rest of a longer one is skipped (a house rule)."""

PATTERN_LIMIT = 2000
"""Characters of one pattern (a house rule: a longer one is a mistake)."""

FAST_AFTER = 4 << 20
"""Bytes that a feed's first engine searches, before the fast one is worth its making."""

FAST_CHUNK = 3 * LINE_LIMIT // 2
"""Bytes that a chunk has when the fast engine is made: a small one may be searched in the event loop."""

_TEXT_ANCHOR = re.compile(r"(?<!\\)(?:\\\\)*\\[AzZ]")
_MULTILINE_OFF = re.compile(r"\(\?[a-zA-Z]*-[a-zA-Z]*m")
_LINE_BREAK = re.compile(r"(?<!\\)(?:\\\\)*\\n")


def check_pattern(pattern: str) -> str:
    """The pattern, if it can be used on lines.

    Raises:
        ValueError: one sentence saying what is wrong with it.
    """
    if not pattern or len(pattern) > PATTERN_LIMIT:
        raise ValueError(f"a pattern has 1 to {PATTERN_LIMIT} characters")
    if _TEXT_ANCHOR.search(pattern) or _MULTILINE_OFF.search(pattern):
        raise ValueError(
            f"`{pattern}`: a line begins at ^ and ends at $, not at \\A and \\z, and (?-m) is fixed"
        )
    if "\n" in pattern or _LINE_BREAK.search(pattern):
        raise ValueError(f"`{pattern}`: a pattern sees one line at a time and can match no line break")
    try:
        re2.compile(pattern, options_of_lines())
    except re2.error as error:
        raise ValueError(f"`{pattern}` is no pattern of the RE2 kind: {_reason(error)}") from None
    return pattern


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a chunk. `ends`: for each pattern where the lines end that it matches (`Ends`)."""

    chunk: bytes
    ends: Ends

    def line(self, end: int) -> bytes:
        """The line that ends there, without its newline."""
        return self.chunk[self.chunk.rfind(b"\n", 0, end) + 1 : end]

    def lines(self, numbers: Iterable[int]) -> Iterator[tuple[bytes, list[int]]]:
        """The lines that at least one of these patterns matches, in order, each with their numbers."""
        matching: dict[int, list[int]] = {}
        for number in numbers:
            for end in self.ends[number]:
                matching.setdefault(end, []).append(number)
        for end in sorted(matching):
            yield self.line(end), matching[end]


class Matcher:
    """Finds the lines that each of several patterns matches, in one pass and linear time.

    It begins with google-re2. Once it has had much to read, hyperscan takes over where it is installed: what
    it finds is the same, but it takes some ten milliseconds to be made, which a quiet log never earns back.
    """

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = tuple(probes)
        self._engine: Engine = shared(Re2Engine, self._probes)
        self._slowly = 0  # bytes searched by the engine that it began with; -1: it stays with what it has

    def scan(self, chunk: bytes) -> Iterator[tuple[bytes, list[int]]]:
        """Each matching line with its patterns' numbers; see `find`."""
        return self.find(chunk).lines(range(len(self._probes)))

    def lines(self, chunk: bytes) -> int:
        """How many lines there are."""
        return self._engine.lines(chunk)

    def find(self, chunk: bytes) -> Found:
        """What is in whole lines of valid UTF-8, each ended by a newline."""
        chunk = trimmed(chunk)
        if self._slowly >= 0:
            self._slowly += len(chunk)
            if self._slowly > FAST_AFTER and len(chunk) > FAST_CHUNK:
                self._engine, self._slowly = fast(self._probes) or self._engine, -1
        return Found(chunk, self._engine.ends(chunk))


def trimmed(chunk: bytes) -> bytes:
    """The same lines, each cut off after `LINE_LIMIT` bytes at most, between two characters."""
    begin, pieces = 0, []
    kept = 0
    while begin < len(chunk):
        end = chunk.rfind(b"\n", begin, begin + LINE_LIMIT + 1)
        if end < 0:
            cut = begin + LINE_LIMIT
            while chunk[cut] & 0xC0 == 0x80:  # within a character
                cut -= 1
            pieces += [chunk[kept:cut], b"\n"]
            end = chunk.index(b"\n", cut)
            kept = end + 1
        begin = end + 1
    return b"".join([*pieces, chunk[kept:]]) if pieces else chunk


class GroupPattern:
    """One pattern, perhaps with named groups, for a line at a time."""

    def __init__(self, pattern: str) -> None:
        self._regex = re2.compile(pattern, options_of_lines())
        self.groups = frozenset(self._regex.groupindex)

    def begins(self, line: str) -> bool:
        """Whether the line begins with a match."""
        return self._regex.match(line) is not None

    def groups_of(self, line: str) -> dict[str, str] | None:
        """The named groups that took part in the match, or None when the line does not match."""
        found = self._regex.search(line)
        if found is None:
            return None
        return {name: value for name, value in found.groupdict().items() if value is not None}


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else str(error)
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
