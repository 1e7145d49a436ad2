"""Whatever a loaded secret is, it is hidden in every usual spelling."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot import redact
from opsbot.redact import HIDDEN

PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)
SECRETS = st.text(PRINTABLE, min_size=9, max_size=60) | st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=9, max_size=40
)


def spellings(secret: str) -> list[str]:
    data = secret.encode()
    found = [
        secret, quote(secret), quote(secret, safe=""), quote_plus(secret),
        quote(quote(secret, safe=""), safe=""), json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret), data.hex(), data.hex().upper(),
    ]  # fmt: skip
    for before in (b"", b"a", b"ab"):
        found.append(base64.b64encode(before + data + b"z").decode())
        found.append(base64.urlsafe_b64encode(before + data).decode())
    return found


@given(secret=SECRETS)
def test_any_secret_is_hidden_in_all_of_them(secret: str) -> None:
    with redact.hidden([secret]):
        for form in spellings(secret):
            shown = redact.hide(f"a {form} z")
            assert HIDDEN in shown, form
            assert secret not in shown
            assert shown.startswith("a ")
            assert shown.endswith(" z")


@given(text=st.text(max_size=400), secret=SECRETS)
def test_a_text_without_secrets_stays_and_one_with_loses_only_them(text: str, secret: str) -> None:
    with redact.hidden([secret]):
        once = redact.hide(text)
        assert redact.hide(once) == once
        assert "".join(redact.stream([text])) == once


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
@given(data=st.binary(max_size=300))
def test_bytes_that_are_no_text_are_read_as_one_reads_a_log(size: int, data: bytes) -> None:
    whole = redact.hide(data.decode("utf-8", "replace"))
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    assert "".join(redact.stream(pieces)) == whole
