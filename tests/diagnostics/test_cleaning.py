"""A text before it goes into a bundle: readable, bounded, without secrets."""

from __future__ import annotations

import pytest

from opsbot.diagnostics.cleaning import AT_MOST, LINE, cleaned, secrets_named_in
from opsbot.redact import HIDDEN

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def test_secrets_are_counted_by_kind() -> None:
    piece = cleaned("logs.txt", f"a {TOKEN} b\npassword=hunter2hunter2\n")
    assert piece.data.decode() == f"a {HIDDEN} b\npassword={HIDDEN}\n"
    assert piece.hidden == {"GitHub token": 1, "named": 1}


@pytest.mark.parametrize("between", ["\x1b[31m", "\u200b", "\x00", "\u202e"])
def test_what_is_not_seen_does_not_keep_a_secret_from_being_found(between: str) -> None:
    assert b"ghp_" not in cleaned("logs.txt", between.join((TOKEN[:9], TOKEN[9:]))).data


def test_nothing_in_it_moves_a_terminals_cursor() -> None:
    assert cleaned("logs.txt", "a\x1b[2Jb\x9b31mc\rd\n").data.decode() == "abc\nd\n"


@pytest.mark.parametrize("tail", [True, False])
def test_a_long_text_is_cut_at_a_line_so_that_no_part_of_a_secret_is_left(tail: bool) -> None:
    lines = [f"{number:04} {TOKEN}" for number in range(400)]
    for most in range(1000, 1000 + len(lines[0]) + 2):
        piece = cleaned("logs.txt", "\n".join(lines), tail=tail, most=most)
        text = piece.data.decode()
        assert "ghp_" not in text
        assert TOKEN[-8:] not in text
        assert (lines[-1][:4] in text) is tail
        assert "characters" in piece.note


def test_a_line_without_end_is_cut() -> None:
    assert len(cleaned("logs.txt", "x" * 100_000).data) <= LINE + 4


def test_half_characters_do_no_harm() -> None:
    assert cleaned("logs.txt", "a\ud800b").data.decode() == "a\ufffdb"


def test_what_is_called_a_secret_anywhere_is_known_then() -> None:
    found = secrets_named_in(
        ["bot --password correct-horse-9 --verbose"],
        [("DB_PASSWORD", "hunter2hunter2"), ("PATH", "/usr/bin:/bin"), ("API_KEY", "short")],
    )
    assert found == {"correct-horse-9", "hunter2hunter2"}


def test_of_very_many_only_some_are_looked_for() -> None:
    assert len(secrets_named_in([], [(f"K{n}_TOKEN", f"value-{n:08}") for n in range(999)])) == AT_MOST
