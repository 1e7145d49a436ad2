"""The grammar of conditions: what is read, what is refused, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.config.conditions.mistakes import ConditionError
from opsbot.config.conditions.parse import KEYWORDS, MAX_NESTING, parse
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
)
from opsbot.config.conditions.tokens import MAX_LENGTH
from opsbot.config.conditions.units import UNITS
from opsbot.domain.expr import Op


def mistake(text: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    return caught.value


def test_and_binds_closer_than_or_and_not_closest() -> None:
    assert str(parse("a or b and not c")) == "a or (b and not c)"
    assert str(parse("not (a or b) and c")) == "not (a or b) and c"


@pytest.mark.parametrize(
    "text", ["cpu>85", "cpu  >  85", " cpu > 85 ", "(cpu > 85)", "cpu > 85.0", "cpu\n> 85"]
)
def test_spaces_and_parentheses_change_nothing(text: str) -> None:
    assert parse(text) == Comparison(Name("cpu"), Op.GT, Number(85.0))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", Number(5)),
        ("5%", Number(5, "%")),
        ("5 MB", Number(5, "MB")),
        ("1.5GB", Number(1.5, "GB")),
        ("20/min", Number(20, "/min")),
        ("-3MB/h", Number(-3, "MB/h")),
        ("1e3ms", Number(1000, "ms")),
    ],
)
def test_numbers_have_units(text: str, number: Number) -> None:
    assert parse(f"x > {text}") == Comparison(Name("x"), Op.GT, number)


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("", 0, "is empty"),
        ("cpu >", 5, "ends too early"),
        ("cpu > > 5", 6, "`>` stands where"),
        ("cpu = 5", 4, "write `==`"),
        ("a && b", 2, "write `and`"),
        ("a | b", 2, "write `or`"),
        ("!a", 0, "write `not`"),
        ("(a or b", 7, "`)` is missing"),
        ("a or b)", 6, "`)` stands where"),
        ("1 < cpu < 5", 8, "compares twice"),
        ("cpu > 5Mb", 7, "did you mean `MB`?"),
        ("rte(x, 5m) > 1", 0, "did you mean `rate`?"),
        ("rate(x) > 1", 6, "`,` is expected"),
        ("rate(5, 5m) > 1", 5, "a metric's name"),
        ("rate(x, 5m)", 11, "comparison"),
        ("a and", 5, "is missing"),
        ("and a", 0, "`and` stands where"),
        ("cpu > 1e999", 6, "too large"),
        ("cpu > 5; import os", 7, "`;` does not belong"),
        ("__import__('os')", 11, "`'` does not belong"),
        ("a.b.c.__class__()", 0, "there is no function"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, at: int, words: str) -> None:
    error = mistake(text)
    assert words in str(error)
    assert error.offset == at


def test_nothing_is_evaluated_as_python() -> None:
    for text in (
        "().__class__",
        "[x for x in y]",
        "lambda: 1",
        "cpu if x else y",
        "f'{cpu}'",
        "cpu > 0 or exit()",
    ):
        assert mistake(text)


def test_length_and_depth_are_bounded() -> None:
    assert "longer than" in str(mistake("a" * (MAX_LENGTH + 1)))
    assert "nested deeper" in str(mistake("(" * (MAX_NESTING + 2) + "a"))
    assert "nested deeper" in str(mistake("not " * (MAX_NESTING + 2) + "a"))


_NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}(\.[a-z]{1,4}){0,2}", fullmatch=True).filter(
    lambda name: name not in KEYWORDS
)
_NUMBERS = st.builds(
    Number,
    st.floats(-1e15, 1e15, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-15),
    st.sampled_from(sorted(UNITS)),
)
_CALLS = st.builds(Call, st.sampled_from(FUNCTIONS), st.builds(Name, _NAMES), _NUMBERS)
_VALUES = st.one_of(_NUMBERS, st.builds(Name, _NAMES), _CALLS)
_LEAVES = st.one_of(st.builds(Name, _NAMES), st.builds(Comparison, _VALUES, st.sampled_from(Op), _VALUES))


def _join(inner: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Negation, inner), st.builds(Both, several), st.builds(Either, several))


_TREES: st.SearchStrategy[Syntax] = st.recursive(_LEAVES, _join, max_leaves=6)


@given(_TREES)
def test_a_printed_condition_parses_back_to_itself(tree: Syntax) -> None:
    text = str(tree)
    if len(text) <= MAX_LENGTH:
        assert parse(text) == tree


def _parsed(text: str) -> Syntax | ConditionError:
    try:
        return parse(text)
    except ConditionError as error:
        return error


@given(st.text(max_size=80))
def test_any_text_is_a_condition_or_a_mistake_with_a_place_in_it(text: str) -> None:
    found = _parsed(text)
    assert not isinstance(found, ConditionError) or 0 <= found.offset <= len(text)


_PIECES = [
    "cpu",
    "(",
    ")",
    ",",
    "and",
    "or",
    "not",
    ">",
    "==",
    "5",
    "5m",
    "rate",
    "MB",
    "-",
    ".",
    " ",
    "%",
    "/min",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
def test_any_heap_of_tokens_is_a_condition_or_a_mistake(text: str) -> None:
    found = _parsed(text)
    assert isinstance(found, ConditionError) or parse(str(found)) == found
