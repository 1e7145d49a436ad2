"""A secret that opsbot loaded is shown nowhere, however it got into a text."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from opsbot import redact
from opsbot.redact import HIDDEN
from opsbot.text import Place, many_lines, one_line, printable, safe_text

TOKEN = "MTIzNDU2Nzg5.G_aBc*D.q1w2e3r4t5_y6u7i8o9p0"
HOOK = "https://discord.test/api/webhooks/123/wEbHoOk_SeCrEt-0123456789"
PHRASE = "correct horse/battery staple"


@pytest.fixture(autouse=True)
def _loaded() -> Iterator[None]:
    with redact.hidden([TOKEN, HOOK, PHRASE, f"Bearer {TOKEN}", "pa55"]):
        yield


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("secret", [TOKEN, HOOK, PHRASE, f"Authorization: Bearer {TOKEN}"])
def test_a_secret_in_a_text_from_outside_is_not_drawn(secret: str, place: Place) -> None:
    plain = safe_text(f"login with {secret} failed", 500, place).replace("\\", "")
    assert HIDDEN in plain
    for piece in (TOKEN, "wEbHoOk", "battery"):
        assert piece not in plain
    assert plain.startswith("login with")
    assert plain.endswith("failed")


@pytest.mark.parametrize("between", ["\x1b[31m", "\u200b", "\x00", "\u202e"])
def test_a_secret_is_found_when_something_unseen_is_put_into_it(between: str) -> None:
    split = between.join((TOKEN[:9], TOKEN[9:]))
    assert one_line(f"x {split} y", 200) == f"x {HIDDEN} y"


def test_the_part_of_a_webhook_address_that_is_its_key_is_a_secret_by_itself() -> None:
    assert one_line("POST /api/webhooks/123/wEbHoOk_SeCrEt-0123456789 -> 404", 200).endswith(
        f"{HIDDEN} -> 404"
    )
    assert one_line("no connection to discord.test", 200) == "no connection to discord.test"


def test_a_secret_that_was_cut_in_its_middle_is_hidden_too() -> None:
    for kept in range(8, len(TOKEN)):
        assert TOKEN[:8] not in one_line(f"line {TOKEN[:kept]}…; and more", 200)
        assert TOKEN[:8] not in one_line(f"line {TOKEN[:kept]}", 200)
        assert TOKEN[-8:] not in many_lines(f"…{TOKEN[-kept:]} end", 200)


def test_a_cut_of_our_own_leaves_no_piece_of_a_secret() -> None:
    for limit in range(3, 60):
        assert TOKEN[:8] not in one_line(f"line {TOKEN} end", limit)
        assert TOKEN[-8:] not in many_lines(f"line {TOKEN} end", limit, tail=True)


def test_percent_encoded_and_as_json_it_is_the_same_secret() -> None:
    for form in (quote(PHRASE, safe=""), json.dumps({"key": PHRASE}), quote(TOKEN, safe="")):
        assert HIDDEN in printable(form)
        assert "battery" not in printable(form)


@pytest.mark.parametrize("url", ["postgres://bob:hunter2@db/x", "http://:hunter2@db", "https://hunter2@db/"])
def test_a_login_in_any_address_is_hidden_though_nobody_loaded_it(url: str) -> None:
    shown = printable(f"cannot reach {url}")
    assert "hunter2" not in shown
    assert "db" in shown


def test_a_short_secret_is_hidden_as_a_word_and_leaves_other_words_alone() -> None:
    assert printable("password pa55, pa55word") == f"password {HIDDEN}, pa55word"


def test_what_is_no_secret_is_left_as_it_is() -> None:
    text = f"{base64.b64encode(b'nothing').decode()} user@example.com https://example.com/a?b=c {TOKEN[:5]}"
    assert printable(text) == text


def test_a_secret_is_forgotten_only_when_nobody_hides_it_any_more() -> None:
    with redact.hidden([TOKEN]):
        pass
    assert printable(TOKEN) == HIDDEN
