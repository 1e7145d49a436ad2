"""The engine that is always there: google-re2, in linear time whatever the pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence

import re2

from opsbot.logs._engine import Ends, Probe

_MEMORY = 32 << 20  # bytes for a compiled union; re2's default of 8 MiB is short for 50 patterns
_NAMED_GROUP = re.compile(r"(?<!\\)((?:\\\\)*)\(\?P?<[A-Za-z_]\w*>")


class Re2Engine:
    """One search of the union of all patterns runs over the whole chunk; only the lines that it finds are
    then looked at.

    It does no harm when a match of the union reaches over a line's end: the line in which it begins is
    looked at by itself, and the search goes on at the next line. May be called by several threads at once.
    """

    def __init__(self, probes: Sequence[Probe]) -> None:
        options = options_of_lines()
        options.never_capture = True
        self._any = re2.compile("|".join(_line_wise(p.hint or p.exact) for p in probes), options)
        self._each = [re2.compile(_line_wise(p.exact), options) for p in probes]
        self._set = re2.Set.SearchSet(options)
        for probe in probes:
            self._set.Add(_line_wise(probe.exact))
        self._set.Compile()

    def ends(self, chunk: bytes) -> Ends:
        found: Ends = [[] for _ in self._each]
        position, end, search = 0, len(chunk), self._any.search
        while position < end and (match := search(chunk, position)):
            if (at := match.start()) == end:  # after the last line's end there is no line, but `^$` matches
                break
            begin = chunk.rfind(b"\n", position, at) + 1 or position
            stop = chunk.index(b"\n", at)
            for number in self._numbers(chunk[begin:stop]):
                found[number].append(stop)
            position = stop + 1
        return found

    def lines(self, chunk: bytes) -> int:
        return chunk.count(b"\n")

    def _numbers(self, line: bytes) -> list[int]:
        """The numbers of the patterns that match one line."""
        numbers: list[int] = self._set.Match(line)
        if numbers:
            return numbers
        # A set also answers "none" when it ran out of its memory: then each is asked by itself.
        return [number for number, regex in enumerate(self._each) if regex.search(line)]


def options_of_lines() -> re2.Options:
    """What patterns of lines are compiled with."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def _line_wise(pattern: str) -> str:
    # Names of groups may occur twice in a union, which re2 refuses; nobody asks for them there.
    unnamed = _NAMED_GROUP.sub(r"\1(", pattern)
    return f"(?m:{unnamed})"
