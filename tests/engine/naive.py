"""What the engine computes, computed the slow and obvious way over all raw samples; and small makers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from opsbot.domain.expr import All, AnyOf, Compare, Expr, Not, Op, Ratio, Reading, Reduce, Seen
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample

Points = Sequence[tuple[float, float]]
"""(seconds, value), oldest first."""


def at(seconds: float) -> Moment:
    """A moment, with a wall clock that has nothing to do with it."""
    return Moment(seconds, 1_767_625_440.0 + seconds)


def sample(
    seconds: float, check: str = "process", outcome: Outcome = Outcome.OK, detail: str = "", **metrics: float
) -> Sample:
    """A sample of the target "bot"."""
    return Sample("bot", check, at(seconds), outcome, detail, metrics)


def rule(
    condition: Expr | None = None,
    *,
    hold: float = 0.0,
    need: int = 1,
    of: int = 1,
    recover: float = 0.0,
    message: str = "",
) -> Rule:
    """A rule; by default cpu > 85."""
    return Rule(
        "high_cpu",
        condition or Compare(Reading("cpu_percent", name="cpu", unit="%"), Op.GT, 85.0),
        Severity.WARNING,
        Priority.P3,
        message,
        hold_seconds=hold,
        need=need,
        of=of,
        recover_seconds=recover,
    )


def increase(points: Points, begin: float, end: float, gap: float = float("inf")) -> float:
    """What a counter gained in begin < time <= end; over a gap it gained evenly."""
    total = 0.0
    for (since, last), (when, value) in pairwise(points):
        rise = value - last if value >= last else value
        if when - since > gap:
            overlap = max(0.0, min(end, when) - max(begin, since))
            total += rise * overlap / (when - since)
        elif begin < when <= end:
            total += rise
    return total


def within(points: Points, begin: float, end: float) -> list[tuple[float, float]]:
    """The points of begin < time <= end."""
    return [point for point in points if begin < point[0] <= end]


def slope(points: Points) -> float | None:
    """Least squares, per second, by the textbook."""
    mean_t = sum(t for t, _ in points) / len(points)
    mean_v = sum(v for _, v in points) / len(points)
    square = sum((t - mean_t) ** 2 for t, _ in points)
    return sum((t - mean_t) * (v - mean_v) for t, v in points) / square if square else None


def truth(expr: Expr, numbers: dict[str, float], outcomes: dict[str, Outcome], was_true: bool) -> bool | None:
    """Three-valued logic over newest values, by min and max of 0, ½ and 1."""
    known = _rank(expr, numbers, outcomes, was_true)
    return {0.0: False, 0.5: None, 1.0: True}[known]


def _rank(expr: Expr, numbers: dict[str, float], outcomes: dict[str, Outcome], was: bool) -> float:
    match expr:
        case Compare(left=Reading(metric=metric, scale=scale, reduce=Reduce.LAST)):
            value = numbers.get(metric)
            return 0.5 if value is None or not isfinite(value) else _compared(expr, value * scale, was)
        case Compare(left=Reading() | Ratio()):
            raise AssertionError("only newest values here")
        case Seen():
            return _asked(expr, outcomes.get(expr.check))
        case Not(term=term):
            return 1.0 - _rank(term, numbers, outcomes, not was)
        case All(terms=terms):
            return min((_rank(t, numbers, outcomes, was) for t in terms), default=1.0)
        case AnyOf(terms=terms):
            return max((_rank(t, numbers, outcomes, was) for t in terms), default=0.0)


def _compared(compare: Compare, value: float, was: bool) -> float:
    limits = [compare.limit]
    if was and compare.recovery is not None and compare.op not in (Op.EQ, Op.NE):
        limits.append(compare.recovery)
    results = {
        Op.GT: [value > x for x in limits],
        Op.GE: [value >= x for x in limits],
        Op.LT: [value < x for x in limits],
        Op.LE: [value <= x for x in limits],
        Op.EQ: [value == x for x in limits],
        Op.NE: [value != x for x in limits],
    }
    return float(any(results[compare.op]))


def _asked(seen: Seen, outcome: Outcome | None) -> float:
    if outcome is None:
        return 0.5
    if outcome in seen.outcomes:
        return 1.0
    asks_whether_it_works = "ok" in seen.outcomes or "degraded" in seen.outcomes
    no_answer = outcome is Outcome.UNKNOWN or (
        outcome in (Outcome.ERROR, Outcome.TIMEOUT) and not asks_whether_it_works
    )
    return 0.5 if no_answer else 0.0
