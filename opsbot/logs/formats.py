"""What a line of a log says: Python's logging, JSON lines, or a named regular expression."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from opsbot.logs._engine import Probe
from opsbot.logs.patterns import GroupPattern, check_pattern

ERRORS = frozenset({"ERROR", "CRITICAL"})
"""Levels that count as errors (guide: `log_errors_total`)."""
WARNINGS = frozenset({"WARNING"})

LEVEL_WORDS: Mapping[str, str] = {
    "warning": "WARNING",
    "warn": "WARNING",
    "error": "ERROR",
    "err": "ERROR",
    "severe": "ERROR",
    "critical": "CRITICAL",
    "crit": "CRITICAL",
    "fatal": "CRITICAL",
    "panic": "CRITICAL",
    "alert": "CRITICAL",
    "emerg": "CRITICAL",
    "30": "WARNING",
    "40": "ERROR",
    "50": "CRITICAL",
    "60": "CRITICAL",
}
"""Other loggers' words and numbers (syslog, log4j; pino and Python both have 40 for "warn" and "error"
respectively: Python's meaning is taken, another one is configured under `levels`)."""

MESSAGE_LIMIT = 2000
"""Characters of a message that are kept."""


@dataclass(frozen=True, slots=True)
class Record:
    """A line taken apart. `level`: DEBUG to CRITICAL in Python's words, "" when the line has none.
    `stamp`: the time as written, up to the second; `wall`: seconds since 1970, None when not known."""

    message: str
    level: str = ""
    logger: str = ""
    stamp: str = ""
    wall: float | None = None


class _Format(BaseModel):
    """`exact`: whether a format's probes decide about a line's level; otherwise `parse` has the word."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    exact: ClassVar[bool] = False


_STAMP = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_NAME = r"[^ ]{1,100}"  # bounded: then hyperscan looks back from a level, not forward from each line's start
_PYTHON_SHAPES = (
    rf"^(?:(?P<stamp>{_STAMP}) - )?(?P<logger>{_NAME}) - (?P<level>LEVEL) - ",  # the guide's
    rf"^\[(?P<stamp>{_STAMP})\] \[(?P<level>LEVEL) {{0,9}}\] (?P<logger>{_NAME}): ",  # discord.py's
    rf"^(?P<stamp>{_STAMP}) (?P<level>LEVEL) {{1,9}}(?P<logger>{_NAME}) ",  # discord.py's, coloured
    r"^(?P<level>LEVEL):(?P<logger>[^: ]{1,100}):",  # logging.basicConfig without a format
)
_ANY_LEVEL = "DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL"
_PYTHON_LINES = tuple(re.compile(shape.replace("LEVEL", _ANY_LEVEL)) for shape in _PYTHON_SHAPES)


class PythonFormat(_Format):
    """Python's logging as in the guide (`time - logger - LEVEL - message`), as discord.py sets it up, or
    as `logging.basicConfig()` does."""

    kind: Literal["python"] = "python"
    exact: ClassVar[bool] = True

    def probes(self) -> tuple[Probe, Probe]:
        """What finds the lines that are errors, and those that are warnings."""
        return (
            Probe(_shapes("ERROR|CRITICAL|FATAL"), "ERROR|CRITICAL|FATAL"),
            Probe(_shapes("WARNING|WARN"), "WARN"),
        )

    def parse(self, line: bytes) -> Record:
        """Takes a line apart; one that it is not made for is a record with a message only."""
        text = _text(line)
        for shape in _PYTHON_LINES:
            if found := shape.match(text):
                fields = found.groupdict()
                return _record(fields, text[found.end() :], LEVEL_WORDS)
        return Record(text[:MESSAGE_LIMIT])


def _shapes(levels: str) -> str:
    return "|".join(shape.replace("LEVEL", levels) for shape in _PYTHON_SHAPES)


class JsonFormat(_Format):
    """One JSON object a line; the names are its keys."""

    kind: Literal["json"] = "json"
    level: str = "level"
    message: str = "message"
    logger: str = "logger"
    time: str = "timestamp"
    levels: dict[str, str] = Field(default_factory=dict)

    @cached_property
    def _words(self) -> Mapping[str, str]:
        return _level_words(self.levels)

    def probes(self) -> tuple[Probe, Probe]:
        """What finds the lines that may be errors, and those that may be warnings."""
        start = f'"{re.escape(self.level)}"\\s*:\\s*"?'
        return (
            Probe(start + _words_of(self._words, ERRORS, r"\b")),
            Probe(start + _words_of(self._words, WARNINGS, r"\b")),
        )

    def parse(self, line: bytes) -> Record:
        """Takes a line apart; one that it is not made for is a record with a message only."""
        text = _text(line)
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            return Record(text[:MESSAGE_LIMIT])
        found = {
            "level": _scalar(fields.get(self.level)),
            "logger": _scalar(fields.get(self.logger)),
            "stamp": _scalar(fields.get(self.time)),
        }
        return _record(found, _scalar(fields.get(self.message)), self._words)


class RegexFormat(_Format):
    """A regular expression (RE2's kind) with the named groups `level`, `message`, `logger`, `time`."""

    kind: Literal["regex"]
    pattern: str
    levels: dict[str, str] = Field(default_factory=dict)

    @field_validator("pattern")
    @classmethod
    def _check(cls, pattern: str) -> str:
        check_pattern(pattern)
        if "level" not in GroupPattern(pattern).groups:
            raise ValueError("the pattern of a log format names its level: (?P<level>…)")
        return pattern

    @cached_property
    def _regex(self) -> GroupPattern:
        return GroupPattern(self.pattern)

    @cached_property
    def _words(self) -> Mapping[str, str]:
        return _level_words(self.levels)

    def probes(self) -> tuple[Probe, Probe]:
        """What finds the lines that may be errors, and those that may be warnings."""
        return Probe(_words_of(self._words, ERRORS)), Probe(_words_of(self._words, WARNINGS))

    def parse(self, line: bytes) -> Record:
        """Takes a line apart; one that it is not made for is a record with a message only."""
        text = _text(line)
        fields = self._regex.groups_of(text)
        if fields is None:
            return Record(text[:MESSAGE_LIMIT])
        fields["stamp"] = fields.get("time", "")
        return _record(fields, fields.get("message", text), self._words)


def _named(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


LogFormat = Annotated[
    PythonFormat | JsonFormat | RegexFormat, Field(discriminator="kind"), BeforeValidator(_named)
]
"""`python`, `json`, or a mapping with `kind` and the kind's own keys."""


def _level_words(own: Mapping[str, str]) -> Mapping[str, str]:
    words = dict(LEVEL_WORDS)
    words.update({word.lower(): level.upper() for word, level in own.items()})
    return words


def _words_of(words: Mapping[str, str], levels: frozenset[str], end: str = "") -> str:
    chosen = sorted((re.escape(word) for word, level in words.items() if level in levels), key=len)
    return f"(?i:(?:{'|'.join(reversed(chosen))}){end})"


def _record(fields: Mapping[str, str | None], message: str, words: Mapping[str, str]) -> Record:
    level, stamp = fields.get("level") or "", fields.get("stamp") or ""
    return Record(
        message=message[:MESSAGE_LIMIT],
        level=words.get(level.lower(), level.upper()),
        logger=fields.get("logger") or "",
        stamp=_to_the_second(stamp),
        wall=_wall(stamp),
    )


def _to_the_second(stamp: str) -> str:
    return stamp[:19].replace("T", " ") if stamp[4:5] == "-" else stamp[:40]


def _wall(stamp: str) -> float | None:
    """A time without a zone is this machine's local time, as Python's logging writes it."""
    try:
        if stamp[4:5] == "-":
            return datetime.fromisoformat(stamp.replace(",", ".")).timestamp()
        number = float(stamp)
    except (ValueError, OverflowError, OSError):
        return None
    return number / 1000 if number > 1e11 else number if number > 1e8 else None


def _scalar(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")
