"""Whether a condition is true, false or unknown, and the evidence that decided it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from opsbot.domain.expr import All, AnyOf, Compare, Expr, Not, Op, Operand, Ratio, Seen
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.engine.windows import Windows
from opsbot.engine.wording import UNKNOWN, beside

_TEST: dict[Op, Callable[[float, float], bool]] = {
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
}
_OPPOSITE = {Op.GT: "≤", Op.GE: "<", Op.LT: "≥", Op.LE: ">", Op.EQ: "≠", Op.NE: "="}
_SIGN = {Op.GT: ">", Op.GE: "≥", Op.LT: "<", Op.LE: "≤", Op.EQ: "=", Op.NE: "≠"}
_ORDERED = frozenset({Op.GT, Op.GE, Op.LT, Op.LE})
_BROKEN = frozenset({Outcome.ERROR, Outcome.TIMEOUT})
_WORKING = frozenset({Outcome.OK, Outcome.DEGRADED})


@dataclass(frozen=True, slots=True)
class View:
    """What conditions can see of one target: its windows, and the newest sample of each check."""

    windows: Windows

    @property
    def newest(self) -> Mapping[str, Sample]:
        """The newest sample of each check, however old."""
        return self.windows.samples

    def observe(self, sample: Sample) -> bool:
        """Takes a sample; False when it is older than the newest of its check, and dropped."""
        return self.windows.observe(sample)

    def number(self, operand: Operand, now: Moment) -> float | None:
        """The operand's number in its unit; None when it is unknown."""
        return self.windows.read(operand, now)

    def sample(self, check: str, now: Moment) -> Sample | None:
        """The newest sample of a check; None when nothing recent is known."""
        return self.windows.sample(check, now)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a condition came to. `truth`: None is unknown.

    `value`, `limit`, `unit` and `name` are of the comparison that decided (None and "" where no comparison
    did); `text` is the evidence for people, "cpu 91.2% > 85%". It may quote a check's detail: untrusted.
    """

    truth: bool | None
    text: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    name: str = ""


def evaluate(expr: Expr, view: View, now: Moment, was_true: bool) -> Verdict:
    """The condition's truth by three-valued logic (see `domain.expr`).

    `was_true`: the rule fires, so each comparison that has a `recovery` holds until the value passes that.
    Under `not` it is the other way round. While a rule does not fire, the limit itself decides: a value
    that only lingers between recovery and limit never makes it fire.
    """
    match expr:
        case Compare():
            return _compare(expr, view.number(expr.left, now), was_true)
        case Seen():
            return _seen(expr, view.sample(expr.check, now))
        case Not(term=term):
            inner = evaluate(term, view, now, not was_true)
            return inner if inner.truth is None else replace(inner, truth=not inner.truth)
        case All(terms=terms):
            return _joined(terms, view, now, was_true, decisive=False)
        case AnyOf(terms=terms):
            return _joined(terms, view, now, was_true, decisive=True)


def name_of(operand: Operand) -> str:
    """The word people know an operand by."""
    return operand.name or (operand.part if isinstance(operand, Ratio) else operand.metric)


def _compare(compare: Compare, value: float | None, was_true: bool) -> Verdict:
    name, unit = name_of(compare.left), compare.left.unit
    if value is None:
        return Verdict(None, f"{name} {UNKNOWN}", None, compare.limit, unit, name)
    test = _TEST[compare.op]
    truth = test(value, compare.limit)
    bound, held = compare.limit, False
    if was_true and compare.recovery is not None and compare.op in _ORDERED and not truth:
        bound = compare.recovery
        truth = held = test(value, bound)
    left, right = beside(value, bound, unit)
    sign = (_SIGN if truth else _OPPOSITE)[compare.op]
    text = f"{name} {left} {sign} {right}" + (" (recovery)" if held else "")
    return Verdict(truth, text, value, compare.limit, unit, name)


def _seen(seen: Seen, sample: Sample | None) -> Verdict:
    if sample is None:
        return Verdict(None, f"nothing recent from the check {seen.check}")
    words = seen.name.replace("_", " ") or f"{seen.check} {sample.outcome}"
    detail = sample.detail or f"{seen.check} {sample.outcome}"
    if sample.outcome.value in seen.outcomes:
        doubled = words if detail in words else detail if detail.startswith(words) else ""
        return Verdict(True, doubled or f"{words} ({detail})")
    if sample.outcome is Outcome.UNKNOWN:
        return Verdict(None, f"the check {seen.check} cannot tell")
    if sample.outcome in _BROKEN and not _WORKING & seen.outcomes:
        return Verdict(None, f"the check {seen.check} gave no answer: {detail}")
    return Verdict(False, f"{seen.check} {sample.outcome}")


def _joined(terms: Sequence[Expr], view: View, now: Moment, was_true: bool, *, decisive: bool) -> Verdict:
    """The first term that is `decisive` decides alone; else the first unknown one; else all together."""
    seen: list[Verdict] = []
    unknown: Verdict | None = None
    for term in terms:
        verdict = evaluate(term, view, now, was_true)
        if verdict.truth is decisive:
            return verdict
        if verdict.truth is None and unknown is None:
            unknown = verdict
        seen.append(verdict)
    if unknown is not None:
        return unknown
    if not seen:  # an empty All is true, an empty AnyOf false, as in logic
        return Verdict(not decisive, "no condition")
    first = next((verdict for verdict in seen if verdict.value is not None), seen[0])
    return replace(first, text=" and ".join(verdict.text for verdict in seen))
