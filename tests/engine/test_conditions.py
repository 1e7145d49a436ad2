from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.expr import All, AnyOf, Compare, Expr, Not, Op, Ratio, Reading, Reduce, Seen
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Sample
from opsbot.engine.conditions import View, evaluate
from opsbot.engine.windows import Windows, needs
from tests.engine import naive
from tests.engine.naive import at, rule, sample

CPU = Reading("cpu_percent", name="cpu", unit="%")
MEMORY = Reading("memory_percent", name="memory", unit="%")
HOT = Compare(CPU, Op.GT, 85.0, recovery=70.0)
FULL = Compare(MEMORY, Op.GT, 90.0)
DOWN = Seen("process", frozenset({"fail"}), "process_not_running")
BROKEN = Seen("http", frozenset({"fail", "error", "timeout"}), "health_check_failed")


def seeing(*samples: Sample, condition: Expr = HOT) -> View:
    view = View(Windows(needs([rule(condition)])))
    for one in samples:
        view.observe(one)
    return view


def test_the_evidence_reads_like_a_sentence() -> None:
    verdict = evaluate(HOT, seeing(sample(1.0, cpu_percent=91.2)), at(1.0), False)
    assert (verdict.truth, verdict.text) == (True, "cpu 91.2% > 85%")
    assert (verdict.value, verdict.limit, verdict.unit, verdict.name) == (91.2, 85.0, "%", "cpu")


def test_a_false_comparison_says_what_is_so() -> None:
    verdict = evaluate(HOT, seeing(sample(1.0, cpu_percent=40.0)), at(1.0), False)
    assert (verdict.truth, verdict.text) == (False, "cpu 40% ≤ 85%")


def test_a_missing_number_is_unknown_and_named() -> None:
    verdict = evaluate(HOT, seeing(sample(1.0)), at(1.0), True)
    assert (verdict.truth, verdict.text, verdict.value) == (None, "cpu unknown", None)


def test_a_value_just_over_the_limit_is_not_shown_as_the_limit() -> None:
    verdict = evaluate(HOT, seeing(sample(1.0, cpu_percent=85.04)), at(1.0), False)
    assert verdict.text == "cpu 85.04% > 85%"


@pytest.mark.parametrize(
    ("value", "was_true", "expected"),
    [(80.0, False, False), (80.0, True, True), (70.0, True, False), (70.1, True, True), (85.1, False, True)],
)
def test_a_comparison_once_true_stays_true_until_its_recovery(
    value: float, was_true: bool, expected: bool
) -> None:
    view = seeing(sample(1.0, cpu_percent=value))
    assert evaluate(HOT, view, at(1.0), was_true).truth is expected


def test_a_value_between_recovery_and_limit_says_that_it_has_not_recovered() -> None:
    view = seeing(sample(1.0, cpu_percent=80.0))
    assert evaluate(HOT, view, at(1.0), True).text == "cpu 80% > 70% (recovery)"
    assert evaluate(HOT, view, at(1.0), True).limit == 85.0


def test_a_recovery_on_the_wrong_side_never_ends_what_is_still_over_the_limit() -> None:
    odd = Compare(CPU, Op.GT, 85.0, recovery=95.0)
    assert evaluate(odd, seeing(sample(1.0, cpu_percent=90.0)), at(1.0), True).truth is True


def test_a_success_rate_below_its_limit_recovers_above_its_recovery() -> None:
    low = Compare(Ratio("good_total", "bad_total", 60.0, name="success_rate"), Op.LT, 90.0, recovery=95.0)
    view = seeing(
        sample(0.0, good_total=0.0, bad_total=0.0), sample(1.0, good_total=92.0, bad_total=8.0), condition=low
    )
    assert evaluate(low, view, at(1.0), False).truth is False
    assert evaluate(low, view, at(1.0), True).truth is True
    assert evaluate(low, view, at(1.0), False).text == "success_rate 92% ≥ 90%"


def test_under_not_the_band_works_the_other_way_round() -> None:
    calm = Not(HOT)
    view = seeing(sample(1.0, cpu_percent=80.0))
    assert evaluate(calm, view, at(1.0), False).truth is False  # not calm before it is under 70
    assert evaluate(calm, view, at(1.0), True).truth is True  # and calm until it is over 85


def test_the_term_that_decides_gives_the_evidence() -> None:
    view = seeing(sample(1.0, cpu_percent=91.0, memory_percent=50.0))
    assert evaluate(AnyOf((FULL, HOT)), view, at(1.0), False).name == "cpu"
    assert evaluate(All((HOT, FULL)), view, at(1.0), False).name == "memory"


def test_terms_that_decide_together_are_told_together() -> None:
    view = seeing(sample(1.0, cpu_percent=91.0, memory_percent=95.0), sample(1.0, "http", Outcome.FAIL))
    verdict = evaluate(All((BROKEN, HOT, FULL)), view, at(1.0), False)
    assert verdict.text == "health check failed (http fail) and cpu 91% > 85% and memory 95% > 90%"
    assert (verdict.value, verdict.name) == (91.0, "cpu")


def test_a_false_term_outweighs_an_unknown_one_in_all_and_a_true_one_in_any() -> None:
    view = seeing(sample(1.0, cpu_percent=91.0))
    assert evaluate(All((FULL, HOT)), view, at(1.0), False).truth is None
    assert evaluate(AnyOf((FULL, HOT)), view, at(1.0), False).truth is True
    assert evaluate(All((FULL, Not(HOT))), view, at(1.0), False).truth is False
    assert evaluate(AnyOf((FULL, Not(HOT))), view, at(1.0), False).truth is None


def test_a_dead_process_is_told_with_what_the_check_said() -> None:
    view = seeing(sample(1.0, outcome=Outcome.FAIL, detail="pid 4211 was killed by SIGKILL"))
    verdict = evaluate(DOWN, view, at(1.0), False)
    assert verdict.truth is True
    assert verdict.text == "process not running (pid 4211 was killed by SIGKILL)"


def test_what_the_check_says_in_the_same_words_is_said_once() -> None:
    view = seeing(sample(1.0, outcome=Outcome.FAIL, detail="process not running (PID 4211 has ended)"))
    assert evaluate(DOWN, view, at(1.0), False).text == "process not running (PID 4211 has ended)"
    view = seeing(sample(1.0, outcome=Outcome.FAIL, detail="not running"))
    assert evaluate(DOWN, view, at(1.0), False).text == "process not running"


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNKNOWN])
def test_a_look_that_broke_does_not_say_that_the_process_is_back(outcome: Outcome) -> None:
    assert evaluate(DOWN, seeing(sample(1.0, outcome=outcome)), at(1.0), True).truth is None


def test_a_look_that_broke_is_not_ok() -> None:
    works = Seen("http", frozenset({"ok", "degraded"}))
    view = seeing(sample(1.0, "http", Outcome.TIMEOUT))
    assert evaluate(works, view, at(1.0), False).truth is False


def test_a_check_never_heard_of_is_unknown() -> None:
    assert evaluate(DOWN, seeing(), at(1.0), False).truth is None


def test_a_rate_is_compared_in_its_own_unit() -> None:
    rate = Reading("log_errors_total", Reduce.INCREASE, 300.0, 0.2, "error_rate", "/min")
    noisy = Compare(rate, Op.GT, 20.0)
    view = seeing(
        sample(0.0, "log", log_errors_total=0.0),
        sample(10.0, "log", log_errors_total=125.0),
        condition=noisy,
    )
    assert evaluate(noisy, view, at(10.0), False).text == "error_rate 25/min > 20/min"


numbers = st.one_of(st.sampled_from([0.0, 70.0, 80.0, 85.0, 90.0, float("nan")]), st.floats(-200, 200))
compares = st.builds(
    Compare,
    st.builds(Reading, st.sampled_from("abc"), scale=st.sampled_from([1.0, 0.5, -2.0])),
    st.sampled_from(Op),
    numbers.filter(lambda n: n == n),
    st.one_of(st.none(), st.floats(-200, 200)),
)
outcome_sets = st.frozensets(st.sampled_from([outcome.value for outcome in Outcome]), min_size=1)
leaves = st.one_of(compares, st.builds(Seen, st.sampled_from(["p", "q"]), outcome_sets))
expressions: st.SearchStrategy[Expr] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, max_size=4).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=4).map(tuple)),
    ),
    max_leaves=12,
)


@given(
    expressions,
    st.dictionaries(st.sampled_from("abc"), numbers),
    st.dictionaries(st.sampled_from(["p", "q"]), st.sampled_from(Outcome)),
    st.booleans(),
)
def test_every_condition_means_what_three_valued_logic_says(
    expr: Expr, values: dict[str, float], outcomes: dict[str, Outcome], was_true: bool
) -> None:
    view = View(Windows([]))
    view.observe(Sample("bot", "numbers", at(1.0), Outcome.OK, metrics=values))
    for check, outcome in outcomes.items():
        view.observe(sample(1.0, check, outcome))
    verdict = evaluate(expr, view, at(1.0), was_true)
    assert verdict.truth is naive.truth(expr, values, outcomes, was_true)
    assert verdict.text
