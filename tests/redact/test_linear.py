"""No text is so made that looking for secrets in it takes long."""

from __future__ import annotations

import pytest

from opsbot import redact

SIZE = 128 * 1024
PARTS = (
    "eyJ", "-eyJ", "eyJa.", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n-----END", "bearer ",
    "bearer:", "basic ", "-sk-", "password=", 'password="', "pw='\"", 'pw=\\"', "token ", "--token ", "%20",
    "%", "a%20", "AAAA", "/AAAA", "://", "://a", "-xoxb-1", "authorization: ", "cookie: a=b; ", "a=b; ", "MT",
    "MTA.", "R0", "u+", "hooks.slack.com/services/", "webhooks/111111111111111111/", "İ", "…", "aaaaaaaa…",
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.timeout(20)
def test_work_grows_with_the_length_and_no_faster(part: str) -> None:
    """Work that grew with the square of the length would not end within the test's own time."""
    text = (part * SIZE)[:SIZE]
    with redact.hidden(["aaaaaaaaaaaaaaaa", "https://a@b/aaaaaaaaaaaaaaaaa"]):
        redact.hide(text)
        for _ in redact.stream([text]):
            pass
