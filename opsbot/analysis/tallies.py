"""Lines and names that are kept while a log is read, with a bound on each."""

from __future__ import annotations

from collections import Counter, deque

KINDS = 10_000
"""Different types, loggers, channels, users that are told apart; further ones are counted together."""

OTHERS = "(others)"
MOST = 8 << 20
"""Characters of lines that are kept at most, whatever was asked for."""

LINE = 2000
"""Characters of a line that are kept."""


class Newest:
    """The newest lines of files that come the newest first, each of which is read forwards."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._done: deque[str] = deque()
        self._present: deque[str] = deque(maxlen=limit)
        self._size = self._kept = 0  # characters of the present file's, and of all that were read

    def add(self, text: str) -> None:
        """The next line of the present file."""
        if len(self._present) == self._limit:
            self._size -= len(self._present[0])
        self._present.append(text[:LINE])
        self._size += len(self._present[-1])
        while self._size > MOST:
            self._size -= len(self._present.popleft())

    def turn(self) -> None:
        """The next, older file begins."""
        while self._present and not self.full:
            self._done.appendleft(self._present.pop())
            self._kept += len(self._done[0])
        self._present.clear()
        self._size = 0

    @property
    def full(self) -> bool:
        """Whether older files can add nothing."""
        return len(self._done) >= self._limit or self._kept >= MOST

    def lines(self) -> tuple[str, ...]:
        """The oldest first."""
        self.turn()
        return tuple(self._done)


class Tally(Counter[str]):
    """Counts by name, with a bound on the names."""

    def count(self, name: str, more: int = 1) -> None:
        """One more of it."""
        self[name if name in self or len(self) < KINDS else OTHERS] += more

    def ranked(self) -> tuple[tuple[str, int], ...]:
        """The commonest first, equally common ones by name."""
        return tuple(sorted(self.items(), key=lambda item: (-item[1], item[0])))
