"""A rule's message: text with fields such as `{cpu}` or `{value:.1f}`.

The language is closed: a name from a fixed set and, after a colon, `,` and `.N` and `f`/`g`/`d`, each
optional. No attributes, no indexes, no conversions, no widths; `{{` and `}}` are braces. It is read by this
module's own pattern and never by `str.format`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from opsbot.domain.expr import operands
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.engine.conditions import Verdict, View, name_of
from opsbot.engine.wording import UNKNOWN, number

Field = float | str | None
"""A field's value: a number, a text that takes no format, or None for unknown."""

TEXT_FIELDS = frozenset({"target", "rule", "severity", "priority", "unit", "name", "evidence"})
"""Fields of every rule that hold text. `name`: of the number that decided; `evidence`: "cpu 91% > 85%"."""

NUMBER_FIELDS = frozenset({"value", "threshold"})
"""Fields of every rule that hold a number: of the comparison that decided, in `unit`."""

GUIDE_WORDS = frozenset({"cpu", "memory", "error_rate", "response_time", "log_size"})
"""Numbers that messages of the guide's alert file name, besides those their conditions read."""

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FIELD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::([^:]*))?")
_FORMAT = re.compile(r",?(?:\.\d)?[fgd]?", re.ASCII)


def check_template(text: str, words: Collection[str] = GUIDE_WORDS) -> list[str]:
    """What is wrong with a message, one sentence each; empty when it can be used.

    `words`: the names of numbers that conditions can read, each also a field.
    """
    problems: list[str] = []
    for token in _TOKEN.finditer(text):
        if token[0] in ("{", "}"):
            problems.append(f"a single {token[0]!r} in the message: write {token[0] * 2!r} for a brace")
        elif token[1] is not None:
            problems.extend(_problems_of(token[1], words))
    return problems


def fields_in(text: str) -> frozenset[str]:
    """The names of all fields of a message, right or wrong."""
    inner = (token[1] for token in _TOKEN.finditer(text) if token[1] is not None)
    return frozenset(match[1] for text in inner if (match := _FIELD.fullmatch(text)))


def fill(text: str, fields: Mapping[str, Field]) -> str:
    """The message with its fields filled in; a value that is missing reads "unknown". Never raises: what
    `check_template` objects to stays as it stands. What a field brought in is not read as a field again."""
    return _TOKEN.sub(lambda token: _filled(token, fields), text)


def fields_of(rule: Rule, verdict: Verdict, view: View, title: str, now: Moment) -> dict[str, Field]:
    """All fields of a rule's message now: its own, and every number that the rule reads or shows."""
    numbers: dict[str, Field] = {}
    for operand in (*rule.shows, *operands(rule.condition)):
        numbers[name_of(operand)] = view.number(operand, now)
    return {
        **numbers,
        "target": title,
        "rule": rule.name,
        "severity": rule.severity.value,
        "priority": rule.priority.value,
        "unit": verdict.unit,
        "name": verdict.name,
        "evidence": verdict.text,
        "value": verdict.value,
        "threshold": verdict.limit,
    }


def message(rule: Rule, verdict: Verdict, view: View, title: str, now: Moment) -> str:
    """The rule's message, filled in; the evidence alone when the rule has none. `title`: the target's.

    It may quote a check's detail, so it is as untrusted as that.
    """
    if not rule.message:
        return verdict.text
    return fill(rule.message, fields_of(rule, verdict, view, title, now))


def _problems_of(inner: str, words: Collection[str]) -> list[str]:
    match = _FIELD.fullmatch(inner)
    known = sorted({*words, *TEXT_FIELDS, *NUMBER_FIELDS})
    if match is None:
        return [
            f"'{{{inner}}}' is not a field of a message: fields are names such as {{value}} or {{cpu:.1f}}"
        ]
    name, form = match[1], match[2]
    if name not in known:
        near = get_close_matches(name, known, n=1)
        remedy = f"did you mean {{{near[0]}}}?" if near else "the fields are " + ", ".join(known)
        return [f"a message has no field {{{name}}}: {remedy}"]
    if form is None:
        return []
    if name in TEXT_FIELDS:
        return [f"{{{name}}} is text and takes no number format: write {{{name}}}"]
    if not _FORMAT.fullmatch(form):
        return [f"'{form}' is not a number format: use .1f, .0f, d or , after {{{name}:"]
    return []


def _filled(token: re.Match[str], fields: Mapping[str, Field]) -> str:
    if token[0] in ("{{", "}}"):
        return token[0][0]
    match = _FIELD.fullmatch(token[1]) if token[1] is not None else None
    form = (match[2] or "") if match else ""
    if match is None or not _FORMAT.fullmatch(form):
        return token[0]
    value = fields.get(match[1])
    if isinstance(value, str):
        return value
    return _formatted(value, form)


def _formatted(value: float | None, form: str) -> str:
    plain = number(value)
    if plain == UNKNOWN or value is None or not form:
        return plain
    if form.endswith("d"):
        return f"{round(value):{',' if ',' in form else ''}d}"
    return f"{value:{form}}"
