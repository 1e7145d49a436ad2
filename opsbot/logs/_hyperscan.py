"""The fast engine: hyperscan, where the extra `[fast]` is installed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

import hyperscan

from opsbot.logs._engine import Ends, Probe
from opsbot.logs._re2 import Re2Engine
from opsbot.logs._rewriting import rewritten

_EVERY = 64
"""So many lines are counted at once: `bytes.count` goes byte by byte and takes more than twice as long."""


class HyperscanEngine:
    """All patterns in one pass over the bytes, without the interpreter but for the lines that match.

    Patterns that cannot be rewritten for it are searched by RE2 beside it.

    Raises:
        hyperscan.error: this processor, or all patterns together, are not for it.
    """

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = probes
        self._written = [rewritten(probe.exact) for probe in probes]
        self._alone = threading.Lock()  # the databases have one scratch space each
        self._ascii, self._utf8 = self._search(0), self._search(1)  # now: later may be in the event loop
        self._counter = _database({0: rb"\A(?:(?:[^\n]*\n){%d})+" % _EVERY}, 0)

    def ends(self, chunk: bytes) -> Ends:
        found: Ends = [[] for _ in self._probes]
        search = self._ascii if chunk.isascii() else self._utf8
        with self._alone:
            search.into(found, chunk)
        return found

    def lines(self, chunk: bytes) -> int:
        ends: list[int] = []

        def on_match(_number: int, _from: int, to: int, _flags: int, _context: object) -> None:
            ends.append(to)

        with self._alone:
            self._counter.scan(chunk, match_event_handler=on_match)
        return len(ends) * _EVERY + chunk.count(b"\n", max(ends, default=0))

    def _search(self, which: int) -> _Search:
        """`which`: 0 for lines of ASCII, 1 for those of UTF-8."""
        fast, rest = {}, []
        for number, written in enumerate(self._written):
            if written is not None and _compiles(written[which]):
                fast[number] = written[which]
            else:
                rest.append(number)
        return _Search(fast, {number: self._probes[number] for number in rest})


class _Search:
    """The patterns by their numbers: those for hyperscan, and the rest."""

    def __init__(self, fast: dict[int, bytes], rest: dict[int, Probe]) -> None:
        self._fast = _database(fast) if fast else None
        self._rest = Re2Engine(list(rest.values())) if rest else None
        self._numbers = list(rest)

    def into(self, found: Ends, chunk: bytes) -> None:
        """Adds what is found."""
        if self._fast is not None:
            add = [ends.append for ends in found]

            def on_match(number: int, _from: int, to: int, _flags: int, _context: object) -> None:
                add[number](to - 1)

            self._fast.scan(chunk, match_event_handler=on_match)
            for ends in found:
                ends.sort()  # the order of what is told is not promised
        if self._rest is not None:
            for number, ends in zip(self._numbers, self._rest.ends(chunk), strict=True):
                found[number] = ends


def _database(expressions: dict[int, bytes], flags: int = hyperscan.HS_FLAG_MULTILINE) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(expressions.values()),
        ids=list(expressions),
        elements=len(expressions),
        flags=[flags] * len(expressions),
    )
    return database


def _compiles(expression: bytes) -> bool:
    with suppress(hyperscan.error):
        _database({0: expression})
        return True
    return False
