from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.expr import Compare, Op, Reading, Reduce
from opsbot.engine.conditions import Verdict, View, evaluate
from opsbot.engine.messages import check_template, fields_in, fill, message
from opsbot.engine.windows import Windows, needs
from tests.engine.naive import at, rule, sample

RATE = Reading("log_errors_total", Reduce.INCREASE, 300.0, 0.2, "error_rate", "/min")


def said(template: str) -> str:
    """The message of the rule cpu > 85 at 91.25 % cpu, which also shows the error rate."""
    told = replace(rule(message=template), shows=(RATE,))
    view = View(Windows(needs([told])))
    view.observe(sample(0.0, log_errors_total=0.0))
    view.observe(sample(60.0, cpu_percent=91.25, log_errors_total=35.0))
    verdict = evaluate(told.condition, view, at(60.0), False)
    return message(told, verdict, view, "Summary Bot NG", at(60.0))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("CPU usage is {cpu}%", "CPU usage is 91.2%"),
        ("{cpu:.2f} % on {target}", "91.25 % on Summary Bot NG"),
        ("{value:.0f} {unit} > {threshold} {unit}", "91 % > 85 %"),
        ("{value:d}", "91"),
        ("{rule}: {severity}, {priority}: {name}", "high_cpu: warning, P3: cpu"),
        ("errors: {error_rate} a minute", "errors: 7 a minute"),
        ("memory {memory} %, {memory:.1f} %", "memory unknown %, unknown %"),
        ("{evidence}", "cpu 91.2% > 85%"),
        ("{{cpu}} is {cpu}", "{cpu} is 91.2"),
        ("nothing to fill in", "nothing to fill in"),
        ("", "cpu 91.2% > 85%"),
    ],
)
def test_a_message_is_filled_in(template: str, expected: str) -> None:
    assert said(template) == expected


def test_large_numbers_can_have_separators() -> None:
    assert fill("{value:,d} and {value:,.1f}", {"value": 1234567.89}) == "1,234,568 and 1,234,567.9"


def test_what_a_field_brings_in_is_not_read_as_a_field() -> None:
    assert fill("{evidence}", {"evidence": "{value} {{", "value": 3.0}) == "{value} {{"


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("{0.__class__}", "'{0.__class__}' is not a field"),
        ("{cpu.__class__.__mro__}", "is not a field"),
        ("{cpu[0]}", "is not a field"),
        ("{cpu!r}", "is not a field"),
        ("{}", "is not a field"),
        ("{0}", "is not a field"),
        ("{cpu:>999999999}", "is not a number format"),
        ("{cpu:.99f}", "is not a number format"),
        ("{cpu:{value}}", "a single"),
        ("{cpuu}", "did you mean {cpu}?"),
        ("{zzzzzz}", "the fields are "),
        ("{target:.1f}", "is text and takes no number format"),
        ("50 % {", "write '{{' for a brace"),
        ("50 % }", "write '}}' for a brace"),
    ],
)
def test_what_is_wrong_with_a_message_is_said_before_it_is_used(template: str, part: str) -> None:
    problems = check_template(template)
    assert problems
    assert any(part in problem for problem in problems)


def test_all_problems_of_a_message_are_told_at_once() -> None:
    assert len(check_template("{0} {cpuu} {target:d} }")) == 4


def test_the_messages_of_the_guides_file_are_fine() -> None:
    words = ("cpu", "memory", "error_rate", "response_time", "log_size")
    assert not any(check_template(f"High: {{{word}}}% {{{word}:.1f}}") for word in words)


def test_a_number_that_a_condition_can_read_is_a_field_of_a_message() -> None:
    assert check_template("{openrouter_errors} errors")
    assert check_template("{openrouter_errors} errors", {"openrouter_errors"}) == []


def test_the_fields_of_a_message_can_be_listed() -> None:
    assert fields_in("{cpu:.1f} of {memory}, {{no}} {0.x}") == {"cpu", "memory"}


def test_a_message_with_a_field_nobody_checked_is_left_as_it_stands() -> None:
    assert fill("{0.__class__} {cpu:>9} {", {"cpu": 1.0}) == "{0.__class__} {cpu:>9} {"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "unknown"),
        (float("nan"), "unknown"),
        (85.0, "85"),
        (-3.0, "-3"),
        (0.25, "0.25"),
        (0.00123, "0.0012"),
        (1234.5, "1234"),
        (1e22, "1e+22"),
        (99.96, "100"),
    ],
)
def test_numbers_have_as_many_digits_as_help(value: float | None, expected: str) -> None:
    assert fill("{value}", {"value": value}) == expected


@given(st.text(alphabet="{}:.,!fgd09cpu_[]-value ", max_size=40), st.one_of(st.none(), st.floats()))
def test_no_template_and_no_value_ever_raise(template: str, value: float | None) -> None:
    filled = fill(template, {"cpu": value, "value": value, "target": "bot"})
    if not check_template(template):
        assert filled.count("{") == template.count("{{")


def test_a_condition_without_a_number_has_no_value_to_tell() -> None:
    told = rule(Compare(Reading("x"), Op.GT, 1.0), message="{value} against {threshold}{unit}")
    view = View(Windows([]))
    assert message(told, Verdict(True, "down"), view, "bot", at(0.0)) == "unknown against unknown"
