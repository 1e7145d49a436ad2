"""Cuts a condition into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsbot.config.conditions.mistakes import ConditionError
from opsbot.config.conditions.units import UNITS

MAX_LENGTH = 1000
"""Longest condition in characters."""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>-?(?:[0-9]{1,25}(?:\.[0-9]{0,25})?|\.[0-9]{1,25})(?:[eE][-+]?[0-9]{1,3})?)
        (?:\s*(?P<unit>UNIT)(?![A-Za-z0-9_%/]))?
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<op>>=|<=|==|!=|>|<)
    | (?P<mark>[(),])
    )""".replace("UNIT", "|".join(sorted(filter(None, UNITS), key=len, reverse=True))),
    re.VERBOSE | re.ASCII,
)

_INSTEAD = {"&": "and", "|": "or", "!": "not", "=": "=="}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: number, name, op, mark or end; `unit` only of a number."""

    kind: str
    text: str
    at: int
    unit: str = ""


def tokens(text: str) -> list[Token]:
    """All tokens, the last one of kind `end`.

    Raises:
        ConditionError: too long, or a character that belongs to nothing.
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"is longer than {MAX_LENGTH} characters: make several rules of it.", 0)
    found = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise _stranger(text, at)
        found.append(_token(match))
        at = match.end()
    return [*found, Token("end", "", len(text.rstrip()))]


def _token(match: re.Match[str]) -> Token:
    kind = "number" if match["number"] else match.lastgroup or "end"
    return Token(kind, match[kind], match.start(kind), match["unit"] or "")


def _stranger(text: str, at: int) -> ConditionError:
    at += len(text[at:]) - len(text[at:].lstrip())
    instead = _INSTEAD.get(text[at])
    if instead:
        return ConditionError(f"`{text[at]}` is not used here: write `{instead}`.", at)
    return ConditionError(f"`{text[at]}` does not belong into a condition.", at)
