"""A rule's condition after it was parsed and checked: a small closed tree.

`opsbot.config.conditions` makes it from text, `opsbot.engine.conditions` evaluates it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reduce(StrEnum):
    """What a window of one metric is reduced to."""

    LAST = "last"  # the newest value; the window is unused
    MEAN = "avg"
    MIN = "min"
    MAX = "max"
    INCREASE = "increase"  # of a counter over the window; a counter reset is not negative
    SLOPE = "slope"  # least squares, per second


@dataclass(frozen=True, slots=True)
class Reading:
    """A number read from a target's metrics: `scale` × reduce(metric over `window` seconds).

    `name` is the word the condition used (`error_rate`), `unit` what its number is in ("/min", "%",
    "ms", "MB", "" …): both only for people. A metric whose window holds no value reads as unknown.
    """

    metric: str
    reduce: Reduce = Reduce.LAST
    window: float = 0.0
    scale: float = 1.0
    name: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Ratio:
    """`scale` × increase(part) / (increase(part) + increase(rest)) over `window` seconds.

    Unknown when both are 0.
    """

    part: str
    rest: str
    window: float
    scale: float = 100.0
    name: str = ""
    unit: str = "%"


Operand = Reading | Ratio


class Op(StrEnum):
    """Comparisons."""

    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    EQ = "=="
    NE = "!="


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op limit`; `limit` in the operand's unit. `recovery`: the value that ends it, None = `limit`.

    With `recovery` the comparison, once true, stays true until the value passes `recovery` (hysteresis).
    """

    left: Operand
    op: Op
    limit: float
    recovery: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest sample of a check has one of the outcomes; unknown without one, or when it is unknown.

    A look that broke or got no answer in time does not answer a question about failure either: with outcomes
    {fail}, an error or a timeout is unknown; with {ok}, it is false.
    `name` is the word the condition used, such as `process_not_running`.
    """

    check: str
    outcomes: frozenset[str]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    """Unknown stays unknown."""

    term: Expr


@dataclass(frozen=True, slots=True)
class All:
    """False if one is false, else unknown if one is unknown, else true."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if one is true, else unknown if one is unknown, else false."""

    terms: tuple[Expr, ...]


Expr = Compare | Seen | Not | All | AnyOf


def operands(expr: Expr) -> list[Operand]:
    """Every number that an expression reads, in order."""
    match expr:
        case Compare(left=left):
            return [left]
        case Seen():
            return []
        case Not(term=term):
            return operands(term)
        case All(terms=terms) | AnyOf(terms=terms):
            return [operand for term in terms for operand in operands(term)]


def checks_named(expr: Expr) -> set[str]:
    """The checks whose outcome an expression looks at."""
    match expr:
        case Compare():
            return set()
        case Seen(check=check):
            return {check}
        case Not(term=term):
            return checks_named(term)
        case All(terms=terms) | AnyOf(terms=terms):
            return set().union(*(checks_named(term) for term in terms))
