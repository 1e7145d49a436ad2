"""Many patterns over many lines in one pass, in linear time whatever the pattern (google-re2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2

LINE_LIMIT = 64 * 1024
"""Bytes of a line that are looked at; the rest of a longer one is skipped (a house rule)."""

PATTERN_LIMIT = 2000
"""Characters of one pattern (a house rule: a longer one is a mistake)."""

_MEMORY = 32 << 20  # bytes for a compiled union; re2's default of 8 MiB is short for 50 patterns
_NAMED_GROUP = re.compile(r"(?<!\\)((?:\\\\)*)\(\?P?<[A-Za-z_]\w*>")
_TEXT_ANCHOR = re.compile(r"(?<!\\)(?:\\\\)*\\[AzZ]")
_MULTILINE_OFF = re.compile(r"\(\?[a-zA-Z]*-[a-zA-Z]*m")
_LINE_BREAK = re.compile(r"(?<!\\)(?:\\\\)*\\n")


@dataclass(frozen=True, slots=True)
class Probe:
    """A pattern and, where there is one, a cheaper one that matches wherever it does."""

    exact: str
    hint: str = ""


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
        re2.compile(pattern, _options())
    except re2.error as error:
        raise ValueError(f"`{pattern}` is no pattern of the RE2 kind: {_reason(error)}") from None
    return pattern


class Matcher:
    """Finds the lines that at least one of several patterns matches, and which.

    One search of the union runs over the whole chunk; only the lines that it finds are then looked at.
    It does no harm when a match of the union reaches over a line's end: the line in which it begins is
    looked at by itself, and the search goes on at the next line.
    """

    def __init__(self, probes: Sequence[Probe]) -> None:
        options = _options()
        options.never_capture = True
        self._any = _compile("|".join(_line_wise(p.hint or p.exact) for p in probes), options)
        self._each = [_compile(_line_wise(p.exact), options) for p in probes]
        self._set = re2.Set.SearchSet(options)
        for probe in probes:
            self._set.Add(_line_wise(probe.exact))
        self._set.Compile()

    def scan(self, chunk: bytes) -> Iterator[tuple[bytes, list[int]]]:
        """Each matching line of `chunk` (whole lines, each ended by a newline) with its patterns' numbers."""
        position, end, search = 0, len(chunk), self._any.search
        while position < end and (found := search(chunk, position)):
            if (at := found.start()) == end:  # after the last line's end there is no line, but `^$` matches
                return
            begin = chunk.rfind(b"\n", position, at) + 1 or position
            stop = chunk.find(b"\n", at)
            stop = end if stop < 0 else stop
            line = chunk[begin : min(stop, begin + LINE_LIMIT)]
            if numbers := self.numbers(line):
                yield line, numbers
            position = stop + 1

    def numbers(self, line: bytes) -> list[int]:
        """The numbers of the patterns that match one line."""
        numbers: list[int] = self._set.Match(line)
        if numbers:
            return sorted(numbers)
        # A set also answers "none" when it ran out of its memory: then each is asked by itself.
        return [number for number, regex in enumerate(self._each) if regex.search(line)]


class GroupPattern:
    """One pattern, perhaps with named groups, for a line at a time."""

    def __init__(self, pattern: str) -> None:
        self._regex = _compile(pattern, _options())
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


def _line_wise(pattern: str) -> str:
    # Names of groups may occur twice in a union, which re2 refuses; nobody asks for them there.
    unnamed = _NAMED_GROUP.sub(r"\1(", pattern)
    return f"(?m:{unnamed})"


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def _compile(pattern: str, options: re2.Options) -> re2._Regexp:
    return re2.compile(pattern, options)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else str(error)
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
