"""Many patterns over many lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.logs._engine import Probe
from opsbot.logs._lines import LineCutter, readable
from opsbot.logs.patterns import LINE_LIMIT, Matcher, check_pattern

PATTERNS = (
    r"ERROR|CRITICAL",
    r"^a",
    r"b$",
    r"a[^x]*b",
    r"\s\d+",
    r"(?i:warn)",
    r"(?P<name>x)y|(?P<other>z)",
    r"^$",
)


def naive(text: bytes) -> list[tuple[bytes, list[int]]]:
    """What a search of each line for each pattern finds."""
    found = []
    for one in text.split(b"\n")[:-1]:
        numbers = [n for n, p in enumerate(PATTERNS) if re.search(p.encode(), one)]
        if numbers:
            found.append((one, numbers))
    return found


TEXT = st.lists(
    st.sampled_from([b"a", b"b", b"x", b"y", b"z", b" ", b"1", b"\n", b"\n", b"ERROR", b"WaRn", b"\t"]),
    max_size=80,
).map(lambda parts: b"".join(parts) + b"\n")
MATCHER = Matcher([Probe(pattern) for pattern in PATTERNS])


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_one_pass_finds_what_a_search_of_every_line_finds(text: bytes) -> None:
    assert [(one, numbers) for one, numbers in MATCHER.scan(text)] == naive(text)


@given(TEXT, st.lists(st.integers(1, 7), min_size=1))
@settings(deadline=None)
def test_it_does_not_matter_in_which_pieces_a_log_is_read(text: bytes, cuts: list[int]) -> None:
    cutter, ready, rest = LineCutter(), b"", text
    while rest:
        for size in cuts:
            ready += cutter.feed(rest[:size])
            rest = rest[size:]
    assert ready + cutter.finish() == text


def test_a_pattern_that_hangs_other_engines_is_matched_at_once() -> None:
    matcher = Matcher([Probe(check_pattern("^(a+)+$"))])
    line = b"a" * 20_000
    assert list(matcher.scan(line + b"!\n" + line + b"\n")) == [(line, [0])]


def test_of_a_very_long_line_only_the_beginning_is_looked_at() -> None:
    matcher = Matcher([Probe("begin|end")])
    (found,) = matcher.scan(b"begin" + b"x" * 2 * LINE_LIMIT + b"end\n")
    assert found == (b"begin" + b"x" * (LINE_LIMIT - 5), [0])
    assert not list(matcher.scan(b"x" * 2 * LINE_LIMIT + b"end\n"))


def test_a_line_end_in_a_text_of_no_utf8_stays_one() -> None:
    assert readable(b"\xe2\x28\xa1\n\xff\n").count(b"\n") == 2


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "missing )"),
        ("a(?=b)", "is no pattern of the RE2 kind"),
        (r"(a)\1", "is no pattern of the RE2 kind"),
        (r"\Aerror", "begins at ^"),
        (r"error\z", "begins at ^"),
        ("(?-m:^a)", "begins at ^"),
        (r"a\nb", "one line at a time"),
        ("", "1 to 2000"),
        ("a" * 3000, "1 to 2000"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_the_reason(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        check_pattern(pattern)


def test_an_escaped_backslash_is_not_taken_for_an_anchor() -> None:
    assert check_pattern(r"C:\\Apps\\zone")
