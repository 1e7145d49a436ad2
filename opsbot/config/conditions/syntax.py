"""The syntax tree of a condition, and its printed form, which parses back to the same tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsbot.domain.expr import Op

FUNCTIONS = ("avg", "min", "max", "increase", "rate", "slope")
"""What a window of a metric can be reduced to."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, in a unit of `units.UNITS`."""

    value: float
    unit: str = ""
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        text = repr(self.value)
        return text.removesuffix(".0") + self.unit


@dataclass(frozen=True, slots=True)
class Name:
    """A metric, a word of the vocabulary, or a threshold's dotted path."""

    text: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a metric's window."""

    function: str
    metric: Name
    window: Number
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.function}({self.metric}, {self.window})"


Value = Number | Name | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left op right`."""

    left: Value
    op: Op
    right: Value
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@dataclass(frozen=True, slots=True)
class Negation:
    """`not term`."""

    term: Syntax

    def __str__(self) -> str:
        return f"not {_inside(self.term)}"


@dataclass(frozen=True, slots=True)
class Both:
    """Two or more terms joined by `and`."""

    terms: tuple[Syntax, ...]

    def __str__(self) -> str:
        return " and ".join(_inside(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Either:
    """Two or more terms joined by `or`."""

    terms: tuple[Syntax, ...]

    def __str__(self) -> str:
        return " or ".join(_inside(term) for term in self.terms)


Syntax = Comparison | Name | Negation | Both | Either


def _inside(term: Syntax) -> str:
    return f"({term})" if isinstance(term, Both | Either) else str(term)
