"""What a log said: an embed with a file where it is long, the same as text, and as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

from opsbot.domain.logs import Api, Errors, Hourly, Lines, LogLook, LogProgress, Result, Topic, Usage
from opsbot.draw.limits import EMBED_DESCRIPTION, FIELD_VALUE, clamp
from opsbot.draw.payload import Colour, Embed, Field, File, Payload
from opsbot.text import (
    bytes_text,
    code_block,
    inline_code,
    number_text,
    one_line,
    printable,
    safe_text,
    seconds_text,
    units,
)

BAR = 12
"""Blocks of the longest bar: a row is no wider than a phone."""

HOURS = 48
"""Hours of a table in a message; all are in the file."""

RANKED = 8
"""Names of a list in a message."""

FILE_MOST = 7 << 20
"""Bytes of a file that goes with a message; Discord takes 10 MB (reference#uploading-files)."""

_TITLE, _NAME, _NOTE, _LINE = 80, 60, 300, 400
_BLOCK = EMBED_DESCRIPTION - 1200  # room for what else is said
_FEW = 900

_TITLES = {
    Topic.ERRORS: "Errors",
    Topic.HOURLY: "Errors by hour",
    Topic.API: "Upstream calls",
    Topic.USAGE: "Requests",
    Topic.TAIL: "The newest lines",
    Topic.SEARCH: "Search",
}


def logs_payload(look: LogLook) -> Payload:
    """One embed; what does not fit is in a file, without secrets as all that is drawn."""
    description, fields, more = _drawn(look.result, look)
    notes = "\n".join(f"⚠ {safe_text(note, _NOTE)}" for note in look.notes)
    embed = Embed(
        title=f"📜 {safe_text(look.title, _TITLE)}: {_TITLES[look.question.topic].lower()}",
        description="\n".join(filter(None, [description, notes])),
        colour=Colour.YELLOW if look.notes else Colour.BLUE,
        fields=fields,
        footer=_footer(look),
    )
    files = (File(f"{look.target}-{look.question.topic.value}.txt", _file(look)),) if more else ()
    return clamp(Payload(embeds=(embed,), files=files))


def logs_progress(look: LogProgress) -> Payload:
    """While it is read."""
    return clamp(Payload(embeds=(Embed(title=f"📜 Reading the log … {bytes_text(look.read)}"),)))


def logs_text(look: LogLook) -> str:
    """The same for a terminal. A tail and a search are their lines alone, as those of `tail` and `grep`."""
    if isinstance(look.result, Lines):
        return "\n".join(_safe(look.result.lines))
    head = f"{one_line(look.title, _TITLE)} - {_TITLES[look.question.topic]} ({_span(look)})"
    return "\n".join([head, *_rows(look.result)])


def logs_notes(look: LogLook) -> list[str]:
    """What must be said with it."""
    return [one_line(note, _NOTE) for note in look.notes]


def logs_data(look: LogLook) -> dict[str, Any]:
    """For programs."""
    data = {
        "target": look.target,
        "topic": look.question.topic.value,
        "since": look.question.since,
        "files": list(look.files),
        "read_bytes": look.read,
        "notes": logs_notes(look),
        "result": asdict(look.result),
    }
    hidden: dict[str, Any] = _hidden(data)
    return hidden


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {_hidden(key): _hidden(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        texts = all(isinstance(inner, str) for inner in value)
        return _safe(value) if texts else [_hidden(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value


def _drawn(result: Result, look: LogLook) -> tuple[str, tuple[Field, ...], bool]:
    """Description, fields, and whether there is more than fits."""
    match result:
        case Errors():
            return _errors(result)
        case Hourly():
            return _hourly(result)
        case Api():
            return _api(result)
        case Usage():
            return _usage(result)
        case Lines():
            return _lines(result, look)


def _errors(result: Errors) -> tuple[str, tuple[Field, ...], bool]:
    if not result.total:
        return f"🟢 No errors. {_count(result.warnings, 'warning')}.", (), False
    levels = " · ".join(
        f"{_number(count)} {safe_text(level, _NAME)}" for level, count in result.levels.items()
    )
    text = f"**{_number(result.total)}** ({levels}) · {_count(result.warnings, 'warning')}"
    block, cut = _block(result.newest, _FEW * 2)
    fields = (
        _ranked("Types", result.types, "no type named"),
        _ranked("Loggers", result.loggers, "no logger named"),
    )
    more = cut or max(len(result.types), len(result.loggers)) > RANKED
    return f"{text}\n**The newest**\n{block}", fields, more


def _hourly(result: Hourly) -> tuple[str, tuple[Field, ...], bool]:
    if not result.total:
        return "🟢 No errors.", (), False
    text = f"**{_number(result.total)}** errors"
    text += f", {_number(result.untimed)} of them without a time" if result.untimed else ""
    rows = [row.partition("-")[2] for row in _bars(result.hours)]  # without the year it fits a phone
    table = "\n".join(rows[-HOURS:])
    return (
        f"{text}\n{code_block(table, _BLOCK, tail=True)}",
        (),
        len(rows) > HOURS or units(table) > _BLOCK - 8,
    )


def _api(result: Api) -> tuple[str, tuple[Field, ...], bool]:
    hosts = ", ".join(safe_text(host, _NAME) for host in result.hosts[:RANKED])
    if not result.successes + result.failures:
        took = f"\n{_took(result)}" if result.took else ""
        return f"No line names {hosts}.{took}", (), False
    parts = [
        f"{hosts}: ✓ **{_number(result.successes)}** succeeded · ✗ **{_number(result.failures)}** failed"
    ]
    parts.append(_took(result))
    more = False
    if result.newest:
        block, more = _block(result.newest, _FEW * 2)
        parts.append(f"**The newest failures**\n{block}")
    fields = (_ranked("By status", result.statuses, "no status"),)
    return "\n".join(parts), fields, more or len(result.statuses) > RANKED


def _usage(result: Usage) -> tuple[str, tuple[Field, ...], bool]:
    said = inline_code(result.request, _NAME)
    if not result.total:
        return f"No line holds {said}.", (), False
    text = f"**{_number(result.total)}** requests (lines with {said})"
    named = (("By channel", result.channels), ("By user", result.users))
    fields = tuple(_ranked(title, ranked, "–") for title, ranked in named if ranked)
    if not fields:
        text += "\nThe lines name neither `channel=` nor `user=`."
    return text, fields, any(len(ranked) > RANKED for _, ranked in named)


def _lines(result: Lines, look: LogLook) -> tuple[str, tuple[Field, ...], bool]:
    searched = look.question.topic is Topic.SEARCH
    if not result.total:
        return "No line matches." if searched else "The log is empty.", (), False
    block, cut = _block(result.lines, _BLOCK)
    if not searched:
        return block, (), cut
    text = f"**{_number(result.total)}** {'line matches' if result.total == 1 else 'lines match'}"
    if result.total > len(result.lines):
        text += f", the newest {len(result.lines)}"
    return f"{text}:\n{block}", (), cut


def _block(lines: Sequence[str], limit: int) -> tuple[str, bool]:
    """The last lines that fit, and whether they are not all, or not whole."""
    safe = _safe(lines)
    text = "\n".join(one_line(line, _LINE) for line in safe)
    cut = units(text) > limit - 8 or any(len(line) > _LINE for line in safe)
    return code_block(text, limit, tail=True), cut


def _safe(lines: Sequence[str]) -> list[str]:
    """Looked through together, for a private key has many lines."""
    return printable("\n".join(lines)).split("\n") if lines else []


def _ranked(title: str, ranked: Sequence[tuple[str, int]], nameless: str) -> Field:
    rows = [f"{safe_text(name, _NAME) or nameless}: **{_number(count)}**" for name, count in ranked[:RANKED]]
    if len(ranked) > RANKED:
        rows.append(f"… and {_number(len(ranked) - RANKED)} more")
    text = "\n".join(rows) or "–"
    return Field(title, text[:FIELD_VALUE], inline=True)


def _took(result: Api) -> str:
    took = result.took
    if took is None:
        return "No response times are logged."
    return (
        f"Response time: avg {seconds_text(took.mean)}, min {seconds_text(took.least)}, "
        f"max {seconds_text(took.most)} ({_number(took.count)} logged)"
    )


def _bars(hours: Sequence[tuple[str, int]]) -> list[str]:
    """ "2026-01-05 15h     12 ████" """
    most = max((count for _, count in hours), default=1)
    return [f"{hour}h {count:>6} {'█' * max(1, round(BAR * count / most))}" for hour, count in hours]


def _rows(result: Result) -> list[str]:
    """All of it, one row a line, as for `uniq -c`."""
    match result:
        case Errors():
            rows = [f"{name}: {count}" for name, count in result.levels.items()]
            rows = [f"Total: {result.total}", *rows, f"Warnings: {result.warnings}"]
            rows += _table("By type", result.types, "no type named")
            rows += _table("By logger", result.loggers, "no logger named")
            return rows + _quoted("The newest", result.newest)
        case Hourly():
            untimed = [f"Without a time: {result.untimed}"] if result.untimed else []
            return [f"Total: {result.total}", *_bars(result.hours), *untimed]
        case Api():
            rows = [f"Successful: {result.successes}", f"Failed: {result.failures}", _took(result)]
            rows += _table("By status", result.statuses, "no status")
            return rows + _quoted("The newest failures", result.newest)
        case Usage():
            rows = [f"Total: {result.total}", *_table("By channel", result.channels, "–")]
            return rows + _table("By user", result.users, "–")
        case Lines():
            return _safe(result.lines)


def _table(title: str, ranked: Sequence[tuple[str, int]], nameless: str) -> list[str]:
    rows = [f"{count:>7} {one_line(name, _LINE) or nameless}" for name, count in ranked]
    return ["", f"{title}:", *rows] if rows else []


def _quoted(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *_safe(lines)] if lines else []


def _file(look: LogLook) -> bytes:
    """The newest of it, if it is too long for Discord."""
    data = logs_text(look).encode("utf-8", "replace")
    return data if len(data) <= FILE_MOST else data[-FILE_MOST:].partition(b"\n")[2]


def _footer(look: LogLook) -> str:
    files = _count(len(look.files), "file")
    return f"{_span(look)} · {bytes_text(look.read)} read of {files}"


def _span(look: LogLook, zone: tzinfo | None = None) -> str:
    since = look.question.since
    if look.question.topic is Topic.TAIL:
        return f"the last {look.question.lines}"
    if since is None:
        return "all that is kept"
    return f"since {datetime.fromtimestamp(since, zone):%Y-%m-%d %H:%M}"


def _number(count: int) -> str:
    return f"{count:,}"


def _count(count: int, noun: str) -> str:
    return f"{number_text(count)} {noun}{'' if count == 1 else 's'}"
