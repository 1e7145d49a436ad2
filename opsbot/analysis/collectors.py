"""What is counted for each question. A collector is given the lines that its probes match, file by file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opsbot import redact
from opsbot.analysis.tallies import Newest, Tally
from opsbot.domain.logs import Api, Errors, Hourly, Lines, Result, Took, Usage
from opsbot.logs._engine import Probe
from opsbot.logs.feed import Format
from opsbot.logs.formats import ERRORS, WARNINGS, Record
from opsbot.logs.patterns import GroupPattern

GUARDED = 20_000
"""Matches of a search that must also match without the line's secrets: or they could be guessed letter by
letter. One that matches more lines is no guess, and to look so closely would take too long."""

_TYPE = re.compile(r"\b([A-Z][A-Za-z0-9_]{0,80}(?:Error|Exception|Interrupt|Timeout|Exit))\b")
_STATUS = re.compile(r"HTTP/\d(?:\.\d)?\"? (\d{3})\b")
_TOOK = re.compile(
    r"response_time(?P<ms>_ms)?[\"']?\s?[=:]?\s?(?P<value>\d{1,9}(?:\.\d{1,9})?)\s?(?P<unit>ms\b)?"
)
_NAMED = {name: re.compile(rf"\b{name}=([^ ]*)") for name in ("channel", "user")}

# The last line of a traceback: `src.exceptions.APIError: …`
_RAISED = Probe(
    r"^(?:[A-Za-z_][A-Za-z0-9_]*\.)*[A-Z][A-Za-z0-9_]*(?:Error|Exception|Interrupt|Timeout|Exit)(?::|$)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a probe matches. `numbers`: of the probes; `record`: for a collector that asks for it."""

    text: str
    numbers: Sequence[int]
    record: Record


class Collector(Protocol):
    """Counts the lines that its probes match."""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Of the lines it wants."""

    @property
    def apart(self) -> bool:
        """Whether it wants lines taken apart, which costs more than all the rest."""

    def turn(self) -> None:
        """The next, older file begins."""

    def take(self, line: Line) -> None:
        """The next line of the file."""

    def result(self) -> Result:
        """What it comes to."""


class ErrorsCollector:
    """By level, type and logger. The type is the first that the line names, else the one with which the
    traceback below it ends."""

    apart = True

    def __init__(self, log_format: Format, lines: int) -> None:
        self.probes = (*log_format.probes(), _RAISED)
        self._levels, self._types, self._loggers = Tally(), Tally(), Tally()
        self._warnings = 0
        self._newest = Newest(lines)
        self._open: str | None = None  # type of the last error, as far as it is known

    def take(self, line: Line) -> None:
        """See `Collector`."""
        if line.record.level in ERRORS:
            self._close()
            named = _TYPE.search(line.record.message)
            self._open = named[1] if named else ""
            if named:
                self._close()
            self._levels.count(line.record.level)
            self._loggers.count(line.record.logger)
            self._newest.add(line.text)
        elif line.record.level in WARNINGS:
            self._warnings += 1
        elif not line.record.level and self._open is not None and (raised := _TYPE.search(line.text)):
            self._open = raised[1]

    def turn(self) -> None:
        """See `Collector`."""
        self._close()
        self._newest.turn()

    def result(self) -> Errors:
        """See `Collector`."""
        self._close()
        return Errors(
            dict(self._levels),
            self._warnings,
            self._types.ranked(),
            self._loggers.ranked(),
            self._newest.lines(),
        )

    def _close(self) -> None:
        if self._open is not None:
            self._types.count(self._open)
        self._open = None


class HourlyCollector:
    """Errors by hour."""

    apart = True

    def __init__(self, log_format: Format) -> None:
        self.probes = (log_format.probes()[0],)
        self._hours = Tally()
        self._untimed = 0

    def take(self, line: Line) -> None:
        """See `Collector`."""
        if line.record.level not in ERRORS:
            return
        stamp = line.record.stamp
        if stamp[4:5] == "-" and len(stamp) >= len("2026-01-05 15"):
            self._hours.count(stamp[: len("2026-01-05 15")])
        else:
            self._untimed += 1

    def turn(self) -> None:
        """See `Collector`."""

    def result(self) -> Hourly:
        """See `Collector`."""
        return Hourly(tuple(sorted(self._hours.items())), self._untimed)


class ApiCollector:
    """Calls of upstreams, and how long what is logged took."""

    apart = False

    def __init__(self, hosts: Sequence[str], lines: int) -> None:
        self._hosts = tuple(hosts)
        self.probes = (*(Probe(re.escape(host)) for host in hosts), Probe("response_time"))
        self._successes = self._failures = 0
        self._statuses = Tally()
        self._newest = Newest(lines)
        self._took: list[float] = [0, 0.0, float("inf"), 0.0]  # count, sum, least, most

    def take(self, line: Line) -> None:
        """See `Collector`."""
        timer = len(self._hosts)
        if timer in line.numbers and (took := _TOOK.search(line.text)):
            self._add(float(took["value"]) / (1000 if took["ms"] or took["unit"] else 1))
        if all(number == timer for number in line.numbers):
            return
        found = _STATUS.search(line.text)
        status = found[1] if found else ""
        if "200 OK" in line.text or status.startswith("2"):
            self._successes += 1
        else:
            self._failures += 1
            self._newest.add(line.text)
        self._statuses.count(status or ("200" if "200 OK" in line.text else ""))

    def turn(self) -> None:
        """See `Collector`."""
        self._newest.turn()

    def result(self) -> Api:
        """See `Collector`."""
        count, total, least, most = self._took
        took = Took(int(count), total / count, least, most) if count else None
        return Api(
            self._hosts,
            self._successes,
            self._failures,
            self._statuses.ranked(),
            took,
            self._newest.lines(),
        )

    def _add(self, seconds: float) -> None:
        count, total, least, most = self._took
        self._took = [count + 1, total + seconds, min(least, seconds), max(most, seconds)]


class UsageCollector:
    """Requests, by channel and by user."""

    apart = False

    def __init__(self, request: str) -> None:
        self._request = request
        self.probes = (Probe(re.escape(request)),)
        self._total = 0
        self._by = {name: Tally() for name in _NAMED}

    def take(self, line: Line) -> None:
        """See `Collector`."""
        self._total += 1
        for name, pattern in _NAMED.items():
            if found := pattern.search(line.text):
                self._by[name].count(found[1])

    def turn(self) -> None:
        """See `Collector`."""

    def result(self) -> Usage:
        """See `Collector`."""
        return Usage(self._request, self._total, self._by["channel"].ranked(), self._by["user"].ranked())


class SearchCollector:
    """Lines that match."""

    apart = False

    def __init__(self, pattern: str, lines: int) -> None:
        self.probes = (Probe(pattern),)
        self._again = GroupPattern(pattern)
        self._total = 0
        self._newest = Newest(lines)

    def take(self, line: Line) -> None:
        """See `Collector`."""
        if self._total < GUARDED and not self._matches_what_is_shown(line.text):
            return
        self._total += 1
        self._newest.add(line.text)

    def turn(self) -> None:
        """See `Collector`."""
        self._newest.turn()

    def result(self) -> Lines:
        """See `Collector`."""
        return Lines(self._newest.lines(), self._total)

    def _matches_what_is_shown(self, text: str) -> bool:
        shown = redact.hide(text)
        return shown == text or self._again.groups_of(shown) is not None
