"""One question, answered by one pass over the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opsbot.analysis.budget import Budget, Spent
from opsbot.analysis.collectors import (
    ApiCollector,
    Collector,
    ErrorsCollector,
    HourlyCollector,
    Line,
    SearchCollector,
    UsageCollector,
)
from opsbot.analysis.reading import Damaged, last_lines, pieces
from opsbot.analysis.sources import Source, Sources, sources_of
from opsbot.analysis.tallies import Newest
from opsbot.domain.logs import Lines, LogLook, Question, Result, Topic
from opsbot.domain.rotation import LogSpec
from opsbot.errors import UsageError
from opsbot.logs.feed import Format
from opsbot.logs.formats import Record
from opsbot.logs.patterns import Found, Matcher, check_pattern

BACK = 200
"""Lines before one without a time that are looked at for the time it was written: a traceback's."""

SLACK = 60.0
"""Seconds by which lines of several threads may be out of order."""

_NONE = Record("")

UPSTREAM = "openrouter.ai"
"""The guide's, for a target whose configuration names none."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A target's log. `hosts`: of the upstreams that the target calls."""

    target: str
    title: str
    log: LogSpec
    format: Format
    hosts: tuple[str, ...] = ()


def look(subject: Subject, question: Question, budget: Budget) -> LogLook:
    """The answer; what could not be read is among its notes.

    Raises:
        UsageError: there is no log, or the question has a mistake.
        Cancelled: nobody waits any more.
    """
    collector = collector_of(subject, question)
    sources = sources_of(subject.log, question.since)
    try:
        scan = _Scan(subject, question, budget, sources)
        result = scan.tail() if collector is None else scan.collect(collector)
    finally:
        sources.close()
    notes = (*sources.notes, *budget.notes, *scan.notes)
    return LogLook(subject.target, subject.title, question, result, tuple(scan.files), budget.read, notes)


def collector_of(subject: Subject, question: Question) -> Collector | None:
    """What counts; None for a tail.

    Raises:
        UsageError: the search's pattern is none.
    """
    match question.topic:
        case Topic.ERRORS:
            return ErrorsCollector(subject.format, question.lines)
        case Topic.HOURLY:
            return HourlyCollector(subject.format)
        case Topic.API:
            hosts = (question.host,) if question.host else subject.hosts or (UPSTREAM,)
            return ApiCollector(hosts, question.lines)
        case Topic.USAGE:
            return UsageCollector(question.request)
        case Topic.SEARCH:
            return SearchCollector(_pattern(question), question.lines)
        case Topic.TAIL:
            return None


def _pattern(question: Question) -> str:
    pattern = re.escape(question.pattern) if question.plain else question.pattern
    try:
        check_pattern(pattern)
    except ValueError as wrong:
        hint = "" if question.plain else " To look for the text as it is, choose `plain`."
        raise UsageError(f"{wrong}.{hint}") from None
    return f"(?i:{pattern})" if question.ignore_case else pattern


class _Scan:
    """`files`: names of those that were read; `notes`: what must be said."""

    def __init__(self, subject: Subject, question: Question, budget: Budget, sources: Sources) -> None:
        self.files: list[str] = []
        self.notes: list[str] = []
        self._format = subject.format
        self._question = question
        self._budget = budget
        self._sources = sources
        self._time: float | None = None  # of the last line that has one
        self._inside = False  # all that follows in this file is of the window
        self._untimed = 0
        self._spent = False

    def collect(self, collector: Collector) -> Result:
        """Over all files."""
        matcher = Matcher(collector.probes)
        for source in self._files_in_turn():
            self._time, self._inside = None, self._question.since is None
            for piece in self._pieces(source, self._question.since):
                self._search(matcher, piece, collector)
            collector.turn()
        if self._untimed:
            self.notes.append(
                f"{self._untimed} of the lines have no time: they are counted, whenever they were written."
            )
        return collector.result()

    def tail(self) -> Lines:
        """Over as many files as have the lines."""
        newest = Newest(self._question.lines)
        for source in self._files_in_turn():
            if source.packed:
                for piece in self._pieces(source, None):
                    for line in piece.split(b"\n")[:-1]:
                        newest.add(_text(line))
            else:
                for line in self._last_lines(source):
                    newest.add(_text(line))
            newest.turn()
            if newest.full:
                break
        lines = newest.lines()
        return Lines(lines, len(lines))

    def _files_in_turn(self) -> Iterator[Source]:
        """Until no more may be read."""
        for source in self._sources.files:
            if self._spent:
                return
            self.files.append(source.path.name)
            yield source

    def _pieces(self, source: Source, since: float | None) -> Iterator[bytes]:
        with self._noting(source):
            yield from pieces(source, self._format, since, self._budget)

    def _last_lines(self, source: Source) -> Iterator[bytes]:
        with self._noting(source):
            yield from last_lines(source, self._question.lines, self._budget)

    @contextmanager
    def _noting(self, source: Source) -> Iterator[None]:
        """What keeps a file from being read to its end is said."""
        name = source.path.name
        try:
            yield
        except Damaged as damaged:
            self.notes.append(f"{name}: {damaged}; what could be unpacked was read.")
        except OSError as error:
            self.notes.append(f"{name} could not be read to its end: {error.strerror or error}.")
        except Spent as spent:
            self._spent = True
            rest = len(self._sources.files) - len(self.files)
            older = f", and {rest} older {'file' if rest == 1 else 'files'} not at all" if rest else ""
            self.notes.append(f"Not everything was counted: {spent}. {name} was not read to its end{older}.")

    def _search(self, matcher: Matcher, piece: bytes, collector: Collector) -> None:
        found = matcher.find(piece)
        ends: dict[int, list[int]] = {}
        for number, places in enumerate(found.ends):
            for end in places:
                ends.setdefault(end, []).append(number)
        for end in sorted(ends):
            line = found.line(end)
            record = self._format.parse(line) if collector.apart or not self._inside else _NONE
            if self._inside or self._within(found, end, record):
                collector.take(Line(_text(line), ends[end], record))
        if not self._inside:
            self._time = self._time_before(found, len(found.chunk))

    def _within(self, found: Found, end: int, record: Record) -> bool:
        """Whether the line is of the window. One without a time is of the time of those before it."""
        since = self._question.since
        assert since is not None, "all is of the window then"
        at = record.wall if record.wall is not None else self._time_before(found, end)
        if at is None:
            self._untimed += 1
            return True
        self._time = at
        self._inside = at > since + SLACK
        return at >= since

    def _time_before(self, found: Found, end: int) -> float | None:
        for _ in range(BACK):
            end = found.chunk.rfind(b"\n", 0, max(0, end))
            if end < 0:
                break
            if (at := self._format.parse(found.line(end)).wall) is not None:
                return at
        return self._time


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
