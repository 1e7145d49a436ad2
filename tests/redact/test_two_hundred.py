"""Two hundred secrets of twenty kinds, planted in every way that programs write them: none is seen."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from opsbot import redact
from opsbot.draw.answers import failure
from opsbot.draw.wire import message_json
from opsbot.redact import HIDDEN
from opsbot.text import many_lines, one_line, printable, safe_text
from tests.redact.kinds import LOADED, Planted, pieces, planted

SECRETS = planted()
STAMP = "2026-01-05 15:04:21,123 - src.main - INFO - "


@pytest.fixture(autouse=True)
def _loaded() -> Iterator[None]:
    with redact.hidden(secret.core for secret in SECRETS if secret.kind == LOADED):
        yield


def plain(text: str) -> str:
    return text


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def behind_something_in_base64(text: str) -> str:
    return base64.b64encode(f"a {text} z".encode()).decode()


def percent(text: str) -> str:
    return quote(text, safe="")


def as_json(text: str) -> str:
    return json.dumps({"note": text})


WAYS = [plain, in_base64, behind_something_in_base64, percent, as_json]


def seen(secret: Planted, way: Callable[[str], str], text: str) -> list[str]:
    """What of the secret can be read in a text, also after decoding what is left."""
    flat = text.replace("\n", "").replace("\\n", "").replace("\\", "")
    wanted = pieces(secret.core)
    found = [piece for piece in wanted if piece in flat or quote(piece, safe="") in flat]
    if way in (in_base64, behind_something_in_base64):
        before = len("a ") if way is behind_something_in_base64 else 0
        at = before + secret.text.index(secret.core)
        code = way(secret.text)[(at + 2) // 3 * 4 :]  # the code of the secret alone
        code = code[: (len(secret.core) - 2) // 3 * 4]
        found += [code[k : k + 16] for k in range(max(0, len(code) - 15)) if code[k : k + 16] in flat]
    return found


@pytest.mark.parametrize("way", WAYS)
def test_none_of_them_is_seen_in_a_line_of_a_log(way: Callable[[str], str]) -> None:
    for secret in SECRETS:
        shown = printable(f"{STAMP}calling with {way(secret.text)} now")
        assert not seen(secret, way, shown), (secret, shown)
        assert HIDDEN in shown
        assert shown.startswith(STAMP)
        assert shown.endswith(" now")


@pytest.mark.parametrize("way", WAYS)
def test_none_of_them_is_seen_in_an_embed_or_a_mail(way: Callable[[str], str]) -> None:
    for secret in SECRETS:
        said = f"Request failed: {way(secret.text)}"
        embed = json.dumps(message_json(failure(said)), ensure_ascii=False)
        for shown in (embed, safe_text(said, 900), one_line(said, 900), many_lines(said, 900)):
            assert not seen(secret, way, shown), (secret, shown)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [1, 7, 61, 4096])
def test_none_of_them_is_seen_in_a_file_that_is_read_in_pieces(way: Callable[[str], str], size: int) -> None:
    lines = [f"{STAMP}calling with {way(secret.text)} now\n" for secret in SECRETS]
    data = "".join(lines).encode()
    counts: Counter[str] = Counter()
    shown = "".join(redact.stream((data[at : at + size] for at in range(0, len(data), size)), counts))
    for secret in SECRETS:
        assert not seen(secret, way, shown), secret
    assert shown.count(STAMP) == len(SECRETS)
    assert shown.count(" now\n") == len(SECRETS)
    assert counts.total() >= len(SECRETS)


def test_each_kind_is_counted() -> None:
    for secret in SECRETS:
        counts: Counter[str] = Counter()
        redact.hide(secret.text, counts)
        assert counts.total() >= 1, secret


@pytest.mark.parametrize("fill", ["x" * 70 + "\n", "x y "])
def test_the_margin_of_a_stream_is_where_secrets_lie_across_its_cuts(fill: str) -> None:
    """Secrets at every place around the cut between two portions, also of a text that is one line."""
    from opsbot.redact._stream import AT_ONCE, MARGIN

    token = next(secret for secret in SECRETS if secret.kind == "GitHub token")
    for shift in range(-60, 60, 7):
        head = (fill * (AT_ONCE // len(fill) + 1))[: AT_ONCE + shift]
        head = f"{head[:-1]} {token.text} end\n"
        shown = "".join(redact.stream([head, "y " * MARGIN]))
        assert not seen(token, plain, shown)
        assert shown.startswith(head.replace(token.text, HIDDEN))


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2!",
        "DB_PASS=hunter2!",
        '"api_key": "hunter2!"',
        '{\\"apiKey\\": \\"hunter2!\\"}',
        "'client_secret': 'hunter2!'",
        "password: hunter2!",
        "smtp:\n  password: hunter2!\n",
        "curl -H 'X-Api-Key: hunter2!' x",
        "tool --db-password hunter2! --verbose",
        "tool --token=hunter2!",
        "https://example.com/?a=b&access_token=hunter2!&c=d",
        "Cookie: theme=dark; sid=hunter2!",
        "Authorization: Token hunter2!",
        "AccountName=x;AccountKey=hunter2!;",
        "export OPENROUTER_API_KEY=hunter2!",
        "Auth: 'hunter2!'",
    ],
)
def test_a_value_is_hidden_because_of_the_name_before_it(text: str) -> None:
    assert "hunter2" not in printable(text)
    assert HIDDEN in printable(text)


def test_of_a_private_key_that_was_cut_nothing_is_seen() -> None:
    key = next(secret for secret in SECRETS if secret.kind == "private key").core.split("\n")
    for cut in range(1, len(key) - 1):
        for rest in (key[cut:], key[:-cut]):
            shown = printable("\n".join(["a line", *rest, "last one."]))
            assert not [line for line in key[1:-1] if line in shown]
            assert shown.startswith("a line")
            assert shown.endswith("one.")
