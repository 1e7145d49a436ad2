"""The section `web`."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from opsbot.config.diff import compare
from opsbot.config.settings import WebSettings
from tests.config.kit import made, problem

TOKEN = "0123456789abcdef0123"
ENVIRON = {"OPSBOT_WEB_TOKEN": TOKEN, "WEB_SECRET": TOKEN + "x"}


def test_without_the_section_nothing_listens() -> None:
    assert made("").web == WebSettings()
    assert made("web:\n").web.listen is None


def test_with_it_only_this_machine_is_heard_unless_something_else_is_said() -> None:
    found = made("web: {}")
    assert found.web == WebSettings("127.0.0.1:9464")
    assert (found.web.host, found.web.port) == ("127.0.0.1", 9464)
    assert found.notices == ()


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("localhost:1", "localhost", 1), ("[::1]:9464", "::1", 9464), ("127.8.8.8:65535", "127.8.8.8", 65535)],
)
def test_places_on_this_machine(listen: str, host: str, port: int) -> None:
    found = made(f"web: {{listen: '{listen}'}}")
    assert (found.web.host, found.web.port) == (host, port)
    assert found.notices == ()


@pytest.mark.parametrize("listen", ["0.0.0.0:9464", "[::]:9464", "192.0.2.7:80", "ops.example.org:9464"])
def test_beyond_this_machine_it_is_said_who_reads_along(listen: str) -> None:
    (remark,) = made(f"web: {{listen: '{listen}'}}").notices
    assert f"web.listen is {listen}: whoever reaches that address reads the metrics" in remark
    (remark,) = made(f"web: {{listen: '{listen}', token: '${{OPSBOT_WEB_TOKEN}}'}}", ENVIRON).notices
    assert "unencrypted" in remark


def test_the_token_is_a_secret_that_no_target_gets() -> None:
    found = made("web: {token: '${WEB_SECRET}'}", ENVIRON)
    assert found.web.token == SecretStr(ENVIRON["WEB_SECRET"])
    assert SecretStr(ENVIRON["WEB_SECRET"]) in found.secrets
    assert {"OPSBOT_WEB_TOKEN", "WEB_SECRET"} <= found.hidden_env


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("{listen: 9464}", "web.listen", "must be text"),
        ("{listen: '127.0.0.1'}", "web.listen", "such as `127.0.0.1:9464`"),
        ("{listen: ':9464'}", "web.listen", "such as `127.0.0.1:9464`"),
        ("{listen: '127.0.0.1:0'}", "web.listen", "such as `127.0.0.1:9464`"),
        ("{listen: '127.0.0.1:65536'}", "web.listen", "such as `127.0.0.1:9464`"),
        ("{listen: '::1:9464'}", "web.listen", "such as `127.0.0.1:9464`"),
        ("{listen: 'http://127.0.0.1:9464'}", "web.listen", "such as `127.0.0.1:9464`"),
        ("{token: 0123456789abcdef0123}", "web.token", "is a secret and does not belong into this file"),
        ("{token: '${SHORT}'}", "web.token", "must be 16 to 512 letters"),
        ("{token: '${SPACED}'}", "web.token", "must be 16 to 512 letters"),
        ("{token: '${UNSET}'}", "web.token", "UNSET"),
        ("{token_file: /no/such/file}", "web.token_file", "cannot be read"),
        ("{lisen: '127.0.0.1:9464'}", "web.lisen", "did you mean `listen`?"),
        ("7", "web", "must hold keys"),
    ],
)
def test_bad_input_is_one_sentence_at_its_key(section: str, key: str, words: str) -> None:
    found = problem(f"web: {section}\n", {"SHORT": "abc", "SPACED": "a b c d e f g h i j k"})
    assert found.key == key
    assert words in found.message


def test_a_command_that_only_looks_does_not_need_the_token() -> None:
    assert made("web: {token: '${UNSET}'}", watch_only=True).web == WebSettings()


def test_a_reload_says_what_changes_and_never_the_token() -> None:
    off, on = made(""), made("web: {}")
    guarded = made("web: {token: '${OPSBOT_WEB_TOKEN}'}", ENVIRON)
    other = made("web: {token: '${WEB_SECRET}'}", ENVIRON)
    assert compare(off, on).changes == ("web.listen: nothing → `127.0.0.1:9464`",)
    assert compare(on, guarded).changes == ("web.token: changed",)
    assert compare(guarded, other).changes == ("web.token: changed",)
    assert compare(on, off).changes == ("web.listen: `127.0.0.1:9464` → nothing",)
