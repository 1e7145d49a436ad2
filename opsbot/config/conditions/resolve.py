"""From the syntax tree to the checked expression: every name is looked up, every unit fits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opsbot.config.conditions import vocabulary
from opsbot.config.conditions.bounds import senseless
from opsbot.config.conditions.limits import Limit, limit_at
from opsbot.config.conditions.mistakes import ConditionError, Unknown, nearest
from opsbot.config.conditions.parse import parse
from opsbot.config.conditions.scope import Absent, Scope
from opsbot.config.conditions.syntax import (
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
from opsbot.config.conditions.units import UNITS, Kind, Unit, per_second, unit_of
from opsbot.config.conditions.vocabulary import Fact, Quantity
from opsbot.domain.expr import (
    All,
    AnyOf,
    Compare,
    Expr,
    Not,
    Op,
    Operand,
    Ratio,
    Reading,
    Reduce,
    checks_named,
)
from opsbot.domain.levels import Priority

MAX_WINDOW = 7 * 86400.0
"""Longest window in seconds: windows are kept in memory and rebuilt from the history at start."""

_FLIPPED = {Op.GT: Op.LT, Op.GE: Op.LE, Op.LT: Op.GT, Op.LE: Op.GE, Op.EQ: Op.EQ, Op.NE: Op.NE}

_REDUCE = {
    "avg": Reduce.MEAN,
    "min": Reduce.MIN,
    "max": Reduce.MAX,
    "increase": Reduce.INCREASE,
    "rate": Reduce.INCREASE,
    "slope": Reduce.SLOPE,
}


@dataclass(slots=True)
class Compiled:
    """A checked condition with what its words and thresholds ask of the rule: it must hold for `hold`
    seconds, and be true in `samples` samples one after the other. `mixed`: its parts ask for different
    times. `priority`: the most urgent of its words."""

    expr: Expr
    reads: frozenset[str] = frozenset()
    hold: float = 0.0
    samples: int = 1
    mixed: bool = False
    priority: Priority | None = None


def compile_condition(text: str, scope: Scope) -> Compiled:
    """Parses and checks a condition for one target.

    Raises:
        ConditionError: with the place in the text. `Absent` when only this target lacks what it needs.
    """
    builder = _Builder(scope)
    expr = builder.expr(parse(text))
    wants = builder.wants
    priorities = [fact.priority for fact in builder.facts if fact.priority]
    return Compiled(
        expr,
        frozenset(builder.reads),
        hold=max(hold for hold, _ in wants),
        samples=max(samples for _, samples in wants),
        mixed=len(set(wants)) > 1,
        priority=min(priorities, key=lambda p: p.rank, default=None),
    )


@dataclass(slots=True)
class _Builder:
    scope: Scope
    reads: set[str] = field(default_factory=set)
    wants: list[tuple[float, int]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    def expr(self, tree: Syntax) -> Expr:
        match tree:
            case Both(terms=terms):
                return All(tuple(self.expr(term) for term in terms))
            case Either(terms=terms):
                return AnyOf(tuple(self.expr(term) for term in terms))
            case Negation(term=term):
                return Not(self.expr(term))
            case Comparison():
                return self.compare(tree)
            case Name():
                return self.fact(tree)

    def fact(self, name: Name) -> Expr:
        found = vocabulary.fact(name.text, self.scope, name.at)
        if found is None:
            quantity = self.quantity(name)  # says what is wrong with an unknown name
            raise ConditionError(
                f"`{name.text}` is a number: compare it, such as `{name.text} > 10{quantity.unit.name}`.",
                name.at,
            )
        self.facts.append(found)
        self.wants.append((found.hold, found.samples))
        self.reads |= checks_named(found.expr)
        return found.expr

    def compare(self, tree: Comparison) -> Expr:
        left, op, right = tree.left, tree.op, tree.right
        if _constant(left):
            left, op, right = right, _FLIPPED[op], left
        if _constant(left) or not _constant(right):
            raise ConditionError("compares two of a kind: put a metric beside a number.", tree.at)
        quantity = self.quantity(left)
        limit = limit_at(right, self.scope)
        quantity = quantity.over(limit.window)
        self.wide_enough(quantity.operand, left)
        compare = _compare(quantity, op, limit, right.at)
        self.wants.append((limit.hold, limit.samples))
        if reason := senseless(compare):
            raise ConditionError(f"`{left} {op} {right}` {reason}", tree.at)
        return compare

    def quantity(self, value: Value) -> Quantity:
        quantity = self.call(value) if isinstance(value, Call) else self.named(value)
        for metric in metrics_of(quantity.operand):
            self.reads.add(self.scope.metrics[metric])
        return quantity

    def named(self, value: Value) -> Quantity:
        assert isinstance(value, Name), "a constant is no quantity"
        if vocabulary.fact(value.text, self.scope, value.at) is not None:
            raise ConditionError(f"`{value.text}` is true or false: leave the comparison out.", value.at)
        word = vocabulary.number(value.text, self.scope, value.at)
        if word is not None:
            return word
        self.metric(value)
        return Quantity(Reading(value.text, name=value.text), unit_of(value.text))

    def metric(self, name: Name) -> None:
        if name.text in self.scope.metrics:
            return
        if name.text in self.scope.known:
            raise Absent(f"no check of target `{self.scope.target}` gives `{name.text}`.", name.at)
        known = [*self.scope.known, *self.scope.metrics, *vocabulary.words(self.scope)]
        raise Unknown(f"there is no metric or word `{name.text}`: {nearest(name.text, known)}", name.at)

    def call(self, call: Call) -> Quantity:
        self.metric(call.metric)
        window = _window(call.window)
        unit = unit_of(call.metric.text)
        reading = Reading(call.metric.text, _REDUCE[call.function], window, name=str(call))
        if call.function == "rate":
            return Quantity(replace(reading, scale=1 / window), per_second(unit))
        return Quantity(reading, per_second(unit) if call.function == "slope" else unit)

    def wide_enough(self, operand: Operand, value: Value) -> None:
        if not operand.window:
            return
        check = self.scope.metrics[metrics_of(operand)[0]]
        interval = self.scope.intervals.get(check, 0.0)
        if operand.window < 2 * interval:
            raise ConditionError(
                f"the window of `{value}` ({operand.window:g} s) is too short: check `{check}` looks "
                f"every {interval:g} s, and a window needs two samples.",
                value.at,
            )


def _constant(value: Value) -> bool:
    return isinstance(value, Number) or (isinstance(value, Name) and "." in value.text)


def metrics_of(operand: Operand) -> tuple[str, ...]:
    """The metrics an operand reads."""
    return (operand.part, operand.rest) if isinstance(operand, Ratio) else (operand.metric,)


def _window(number: Number) -> float:
    unit = UNITS[number.unit]
    if unit.kind is not Kind.TIME or unit.per:
        raise ConditionError(f"`{number}` is no duration: write one such as `10m`.", number.at)
    seconds = number.value * unit.factor
    if not 1 <= seconds <= MAX_WINDOW:
        raise ConditionError(
            f"`{number}`: a window is between 1 s and {MAX_WINDOW / 86400:g} days.", number.at
        )
    return seconds


def _compare(quantity: Quantity, op: Op, limit: Limit, at: int) -> Compare:
    unit: Unit = limit.unit or quantity.unit
    if not unit.fits(quantity.unit):
        raise ConditionError(
            f"`{quantity.operand.name}` is {quantity.unit.measure}, but the limit is {unit.measure}.", at
        )
    scaled = replace(quantity.operand, scale=quantity.operand.scale / unit.factor, unit=unit.name)
    return Compare(scaled, op, limit.value, limit.recovery)
