"""Text from outside reads the same and does nothing; numbers and times are said for people."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opsbot.text import (
    Place,
    ago,
    bytes_text,
    clamp,
    code_block,
    discord_time,
    inline_code,
    many_lines,
    number_text,
    one_line,
    percent_text,
    safe_text,
    seconds_text,
    units,
)
from tests.draw.samples import nasty_text

LIVE = re.compile(
    r"@everyone|@here|<@[!&]?\d+>|<#\d+>|</[^:\n]{1,100}:\d+>|<a?:\w+:\d+>|<t:-?\d+(:\w)?>|<id:\w+>",
    re.IGNORECASE,
)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
limits = st.integers(0, 3000)
places = st.sampled_from(Place)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def unescaped(text: str) -> str:
    """What markdown still reads as markup: a sign stands for each escaped character."""
    return re.sub(r"\\[\W_]", "¤", text)


@quick
@given(nasty_text, limits, places)
def test_no_text_mentions_anybody_or_fakes_a_time(text: str, limit: int, place: Place) -> None:
    assert not LIVE.search(safe_text(text, limit, place))


@quick
@given(nasty_text, limits, places)
def test_every_text_keeps_its_limit_in_the_strictest_count(text: str, limit: int, place: Place) -> None:
    shown = safe_text(text, limit, place)
    assert utf16(shown) <= limit
    assert units(shown) == utf16(shown)


@quick
@given(nasty_text, limits, places)
def test_nothing_unseen_or_turned_round_is_left(text: str, limit: int, place: Place) -> None:
    shown = safe_text(text, limit, place).replace("\u200b", "").replace("\n", "")
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs"}


@quick
@given(nasty_text, limits, st.sampled_from([Place.MARKDOWN, Place.PLAIN, Place.CODE]))
def test_one_line_stays_one_line(text: str, limit: int, place: Place) -> None:
    assert len(safe_text(text, limit, place).splitlines()) <= 1


@quick
@given(nasty_text, limits)
def test_no_markup_survives_in_markdown(text: str, limit: int) -> None:
    rest = unescaped(safe_text(text, limit))
    assert not re.search(r"[*`]|~~|\|\||\[|https?://|^[#>-]|^\d+\. |(?<!\w)_|_(?!\w)", rest)


@quick
@given(nasty_text, limits, places)
def test_a_cut_never_escapes_what_follows(text: str, limit: int, place: Place) -> None:
    shown = safe_text(text, limit)
    assert (len(shown) - len(shown.rstrip("\\"))) % 2 == 0
    assert not shown.endswith("\\…") or shown.endswith("\\\\…")


@quick
@given(nasty_text, st.integers(20, 3000))
def test_a_code_block_has_its_two_fences_and_no_other(text: str, limit: int) -> None:
    block = code_block(text, limit)
    assert block.count("```") == 2
    assert block.startswith("```\n")
    assert block.endswith("\n```")
    assert "`" not in block[3:-3]
    assert utf16(block) <= limit


@quick
@given(nasty_text, st.integers(5, 3000))
def test_a_code_span_has_its_two_backticks_and_no_other(text: str, limit: int) -> None:
    span = inline_code(text, limit)
    assert span.count("`") == 2
    assert len(span) > 2
    assert utf16(span) <= limit


@quick
@example("@everyone", 4, Place.PLAIN)
@given(nasty_text, limits, st.sampled_from([Place.PLAIN, Place.CODE, Place.BLOCK]))
def test_making_a_safe_text_safe_changes_nothing(text: str, limit: int, place: Place) -> None:
    once = safe_text(text, limit, place)
    assert safe_text(once, limit, place) == once


@quick
@given(nasty_text, limits)
def test_readable_lines_are_readable_already(text: str, limit: int) -> None:
    assert one_line(one_line(text, limit), limit) == one_line(text, limit)
    assert clamp(clamp(text, limit), limit) == clamp(text, limit)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CPU usage is 92%", "CPU usage is 92%"),
        ("bot_process_down in snake_case", "bot_process_down in snake_case"),
        ("Müller, 日本, שלום 😀", "Müller, 日本, שלום 😀"),
        ("a\nforged line", "a forged line"),
        ("\x1b[1;31mERROR\x1b[0m disk", "ERROR disk"),
        ("\x1b]8;;http://x\x07link", "link"),
        ("__init__", r"\_\_init\_\_"),
        ("[a](https://b.c)", r"\[a](https:\//b.c)"),
        ("user@example.com", "user@example.com"),
        ("10% - 20% > 5", "10% - 20% > 5"),
        ("half \ud83d a character", "half � a character"),
    ],
)
def test_what_is_harmless_reads_as_it_was(text: str, shown: str) -> None:
    assert safe_text(text, 200) == shown


def test_the_end_of_a_log_is_kept_where_it_matters() -> None:
    log = "\n".join(f"line {number}" for number in range(1000))
    block = code_block(log, 60, tail=True)
    assert "line 999" in block
    assert "line 0" not in block
    assert "…" in block
    assert code_block(log, 60).startswith("```\nline 0\nline 1")


def test_lines_stay_lines_in_a_block() -> None:
    assert many_lines("a\r\nb\tc   \n\n", 100) == "a\nb   c"


def test_nothing_is_shown_as_nothing() -> None:
    assert code_block("\x00\u202e", 100) == "```\n–\n```"
    assert inline_code("", 100) == "`–`"
    assert one_line(" \n ", 100) == ""


def test_a_huge_text_is_not_looked_at_to_its_end() -> None:
    assert safe_text("x" * 50_000_000, 20) == "x" * 19 + "…"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_500_000, "1.43 MB"),
        (91_284 * 1024, "89.1 MB"),
        (2**30, "1 GB"),
        (-1024, "-1 KB"),
    ],
)
def test_sizes_are_said_as_the_guide_says_them(count: float, said: str) -> None:
    assert bytes_text(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0034, "3 ms"),
        (0.9999, "1 s"),
        (2.34, "2.3 s"),
        (59.7, "1 min"),
        (75, "1 min 15 s"),
        (3600, "1 h"),
        (7320, "2 h 2 min"),
        (187_200, "2 d 4 h"),
        (-5, "0 s"),
    ],
)
def test_durations_are_said_in_at_most_two_parts(seconds: float, said: str) -> None:
    assert seconds_text(seconds) == said


def test_ages_and_shares_and_numbers() -> None:
    assert ago(0.2) == "just now"
    assert ago(180) == "3 min ago"
    assert percent_text(0.25) == "0.25%"
    assert percent_text(99.97) == "100%"
    assert number_text(1234.5) == "1,234"
    assert number_text(9.50) == "9.5"


def test_times_are_shown_in_each_readers_zone() -> None:
    assert discord_time(1_767_625_440.9) == "<t:1767625440:R>"
    assert discord_time(1_767_625_440, "T") == "<t:1767625440:T>"


@quick
@given(st.floats())
def test_any_number_can_be_said(value: float) -> None:
    for said in (bytes_text, seconds_text, percent_text, number_text, ago, discord_time):
        assert 0 < len(said(value)) < 40


def test_a_word_cut_behind_its_underscore_opens_no_italics() -> None:
    assert safe_text("@heresnake_case", 13) == "@\u200bheresnake…"
    assert safe_text("snake_case", 10) == "snake_case"
