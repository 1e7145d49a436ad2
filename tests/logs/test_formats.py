"""Lines in the formats that logs have."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from opsbot.logs.formats import JsonFormat, LogFormat, PythonFormat, Record, RegexFormat
from tests.logs.support import Log

FORMATS: TypeAdapter[PythonFormat | JsonFormat | RegexFormat] = TypeAdapter(LogFormat)


def read(text: str, line_format: Any = "python") -> Record:
    return FORMATS.validate_python(line_format).parse(text.encode())


def test_the_guides_line_is_taken_apart() -> None:
    record = read("2026-01-05 15:04:21,123 - discord.gateway - INFO - Shard ID None has connected - really\n")
    assert (record.level, record.logger) == ("INFO", "discord.gateway")
    assert record.message == "Shard ID None has connected - really"
    assert record.stamp == "2026-01-05 15:04:21"
    assert record.wall == datetime(2026, 1, 5, 15, 4, 21, 123000).astimezone().timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "discord.gateway - WARNING - late",
        "[2026-01-05 15:04:21] [WARNING ] discord.gateway: late",
        "2026-01-05 15:04:21 WARNING  discord.gateway late",
        "WARNING:discord.gateway:late",
    ],
)
def test_other_shapes_of_pythons_logging_are_known(text: str) -> None:
    record = read(text)
    assert (record.level, record.logger, record.message) == ("WARNING", "discord.gateway", "late")


def test_a_traceback_line_is_a_message_without_a_level() -> None:
    assert read('  File "x.py", line 3, in ERROR') == Record('  File "x.py", line 3, in ERROR')


def test_a_json_line_is_read_by_its_keys() -> None:
    line_format = {"kind": "json", "level": "severity", "message": "msg", "time": "ts", "logger": "name"}
    record = read('{"severity":"warn","msg":"x","ts":"2026-01-05T15:04:21Z","name":"a"}', line_format)
    wall = datetime(2026, 1, 5, 15, 4, 21, tzinfo=UTC).timestamp()
    assert record == Record("x", "WARNING", "a", "2026-01-05 15:04:21", wall)


@pytest.mark.parametrize(
    "text", ["{", "[1]", "[" * 5000, '{"level": {"a": 1}}', "\ufeff{}", '{"level": NaN}']
)
def test_a_line_that_is_no_usable_json_is_a_message(text: str) -> None:
    assert read(text, "json").level in ("", "NAN")


def test_a_regular_expression_names_the_parts() -> None:
    line_format = {
        "kind": "regex",
        "pattern": r"^(?P<level>[EWI])\d+ (?P<time>\S+) (?P<message>.*)",
        "levels": {"E": "ERROR", "W": "WARNING"},
    }
    assert read("E0105 15:04 broken", line_format) == Record("broken", "ERROR", "", "15:04")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "regex", "pattern": "(.*)"},
        {"kind": "regex", "pattern": "("},
        "xml",
        {"kind": "json", "x": 1},
    ],
)
def test_a_format_that_cannot_be_used_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        FORMATS.validate_python(wrong)


@pytest.mark.parametrize(
    ("line_format", "lines"),
    [
        (
            "json",
            [
                '{"level": "ERROR", "message": "a"}',
                '{"message": "level ERROR", "level":"info"}',
                '{"level":"fatal"}',
                '{"level": "warning"}',
                '{"level":40}',
                '{"sub":{"level":"error"},"level":20}',
            ],
        ),
        (
            {"kind": "regex", "pattern": r"^<(?P<level>\w+)>", "levels": {"bad": "ERROR"}},
            ["<bad> a", "<info> an error", "<CRIT> x", "<warn> y", "<err>", "no level: error"],
        ),
    ],
)
async def test_levels_are_counted_by_their_field_not_by_a_word_somewhere(
    tmp_path: Path, line_format: Any, lines: list[str]
) -> None:
    log = Log(tmp_path, line_format=FORMATS.validate_python(line_format))
    log.write("{}\n")
    await log.feed.refresh()
    log.write(*[f"{one}\n" for one in lines])
    await log.feed.refresh()
    counts = log.feed.counts
    assert (counts.lines, counts.errors, counts.warnings) == (6, 3, 1)
