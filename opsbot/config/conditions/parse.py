"""Reads a condition into its syntax tree."""

from __future__ import annotations

import math
from dataclasses import dataclass

from opsbot.config.conditions.mistakes import ConditionError, nearest
from opsbot.config.conditions.syntax import (
    FUNCTIONS,
    Both,
    Call,
    Comparison,
    Either,
    Name,
    Negation,
    Number,
    Syntax,
    Value,
)
from opsbot.config.conditions.tokens import Token, tokens
from opsbot.config.conditions.units import UNITS
from opsbot.domain.expr import Op

MAX_NESTING = 20
"""Deepest nesting of parentheses and `not`."""

KEYWORDS = ("and", "or", "not")
"""Names that cannot be metrics."""


def parse(text: str) -> Syntax:
    """The syntax tree of a condition.

    Raises:
        ConditionError: it is not one, with the place and what was expected.
    """
    reader = _Reader(tokens(text))
    if reader.here.kind == "end":
        raise ConditionError("is empty: write one such as `cpu > 85`.", 0)
    tree = reader.condition(0)
    if reader.here.kind != "end":
        raise reader.unexpected("`and`, `or` or the end")
    return tree


@dataclass(slots=True)
class _Reader:
    rest: list[Token]
    index: int = 0

    @property
    def here(self) -> Token:
        return self.rest[self.index]

    def next(self) -> Token:
        token = self.here
        self.index += 1
        return token

    def unexpected(self, wanted: str) -> ConditionError:
        token = self.here
        if token.kind == "end":
            return ConditionError(f"ends too early: {wanted} is missing.", token.at)
        return ConditionError(f"`{token.text}{token.unit}` stands where {wanted} is expected.", token.at)

    def word(self, text: str) -> bool:
        if self.here.kind == "name" and self.here.text == text:
            self.index += 1
            return True
        return False

    def mark(self, text: str) -> None:
        if self.here.kind != "mark" or self.here.text != text:
            raise self.unexpected(f"`{text}`")
        self.index += 1

    def condition(self, depth: int) -> Syntax:
        terms = [self.both(depth)]
        while self.word("or"):
            terms.append(self.both(depth))
        return terms[0] if len(terms) == 1 else Either(tuple(terms))

    def both(self, depth: int) -> Syntax:
        terms = [self.term(depth)]
        while self.word("and"):
            terms.append(self.term(depth))
        return terms[0] if len(terms) == 1 else Both(tuple(terms))

    def term(self, depth: int) -> Syntax:
        if depth > MAX_NESTING:
            raise ConditionError(f"is nested deeper than {MAX_NESTING} levels.", self.here.at)
        if self.word("not"):
            return Negation(self.term(depth + 1))
        if self.here.kind == "mark" and self.here.text == "(":
            self.index += 1
            inner = self.condition(depth + 1)
            self.mark(")")
            return inner
        return self.comparison()

    def comparison(self) -> Syntax:
        left = self.value()
        if self.here.kind != "op":
            if isinstance(left, Name):
                return left
            raise self.unexpected("a comparison such as `> 85`")
        sign = self.next()
        right = self.value()
        if self.here.kind == "op":
            raise ConditionError("compares twice: join two comparisons with `and`.", self.here.at)
        return Comparison(left, Op(sign.text), right, sign.at)

    def value(self) -> Value:
        token = self.here
        if token.kind == "number":
            return self.number()
        if token.kind != "name" or token.text in KEYWORDS:
            raise self.unexpected("a metric, a word or a number")
        self.index += 1
        if self.here.kind == "mark" and self.here.text == "(":
            return self.call(token)
        return Name(token.text, token.at)

    def number(self) -> Number:
        token = self.here
        if token.kind != "number":
            raise self.unexpected("a number")
        value = float(token.text)
        if not math.isfinite(value):
            raise ConditionError(f"`{token.text}` is too large a number.", token.at)
        self.index += 1
        self.no_stray_unit(token)
        return Number(value, token.unit, token.at)

    def no_stray_unit(self, number: Token) -> None:
        token = self.here
        if not number.unit and token.kind == "name" and token.text not in KEYWORDS:
            raise ConditionError(f"`{token.text}` is not a unit: {nearest(token.text, UNITS)}", token.at)

    def call(self, function: Token) -> Call:
        if function.text not in FUNCTIONS:
            raise ConditionError(
                f"there is no function `{function.text}`: {nearest(function.text, FUNCTIONS)}", function.at
            )
        self.mark("(")
        metric = self.here
        if metric.kind != "name" or metric.text in KEYWORDS:
            raise self.unexpected("a metric's name")
        self.index += 1
        self.mark(",")
        window = self.number()
        self.mark(")")
        return Call(function.text, Name(metric.text, metric.at), window, function.at)
