"""Limits that can never be passed, or always are: a rule with one of them is a mistake."""

from __future__ import annotations

import math

from opsbot.domain.expr import Compare, Op, Operand, Ratio, Reading, Reduce

FLAGS = ("_up", "_connected", "_listening")
"""Ends of metrics that are 0 or 1."""

BEYOND_100 = ("cpu_percent",)
"""Percentages of one core: a process on several cores passes 100 %."""


def _range(operand: Operand) -> tuple[float, float]:
    """The least and greatest value an operand can have, in its own unit."""
    if isinstance(operand, Ratio):
        return 0.0, operand.scale
    if operand.reduce is Reduce.SLOPE:
        return -math.inf, math.inf
    if operand.reduce is Reduce.INCREASE:
        return 0.0, math.inf
    return 0.0, _greatest(operand)


def _greatest(reading: Reading) -> float:
    if reading.metric.endswith(FLAGS):
        return reading.scale
    if reading.metric.endswith("_percent") and not reading.metric.endswith(BEYOND_100):
        return 100.0 * reading.scale
    return math.inf


def senseless(compare: Compare) -> str:
    """Why a comparison is never or always true; empty when it can be both."""
    low, high = _range(compare.left)
    limit = compare.limit
    unit = compare.left.unit if compare.left.unit in ("%",) else f" {compare.left.unit}".rstrip()
    bounds = f"between {low:g} and {high:g}{unit}" if math.isfinite(high) else f"at least {low:g}{unit}"
    verdict = _verdict(compare.op, limit, low, high)
    return f"is {verdict} true: `{compare.left.name}` is {bounds}." if verdict else ""


def _verdict(op: Op, limit: float, low: float, high: float) -> str:
    never = {
        Op.GT: limit >= high,
        Op.GE: limit > high,
        Op.LT: limit <= low,
        Op.LE: limit < low,
        Op.EQ: not low <= limit <= high,
        Op.NE: False,
    }[op]
    always = {
        Op.GT: limit < low,
        Op.GE: limit <= low,
        Op.LT: limit > high,
        Op.LE: limit >= high,
        Op.EQ: False,
        Op.NE: not low <= limit <= high,
    }[op]
    return "never" if never else "always" if always else ""
