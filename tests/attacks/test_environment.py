"""A target gets none of opsbot's own secrets, and what it knows itself is not shown when it writes that."""

from __future__ import annotations

from pathlib import Path

from opsbot import redact
from opsbot.supervisors._launch import environment, resolve_user
from opsbot.supervisors.process import Options
from opsbot.text import printable
from tests.config.kit import made

ENVIRON = {
    "OPSBOT_DISCORD_TOKEN": "opsbots-own-token",
    "HOOK": "https://hooks.slack.test/T1/B2/q1w2e3r4t5y6",
    "BOTH": "shared-secret-1",
    "DISCORD_TOKEN": "watched-bots-token",
    "SMTP_HOST": "mail.example.com",
    "PATH": "/bin",
}
TEXT = """
    targets:
      bot:
        checks:
          api: {type: http, url: "http://localhost/", headers: {Authorization: "Bearer ${BOTH}"}}
          other: {type: http, prefix: other, url: "http://localhost/", headers: {X-Api-Key: literal-key-1}}
    notifications:
      hook: {type: slack, webhook_url: "${HOOK}"}
      also: {type: slack, webhook_url: "${BOTH}"}
"""


def test_a_target_inherits_no_secret_by_which_opsbot_logs_in_or_tells_people() -> None:
    hidden = made(TEXT, ENVIRON).hidden_env
    assert hidden == {"OPSBOT_DISCORD_TOKEN", "HOOK"}


def test_what_a_target_is_given_by_name_it_gets(tmp_path: Path) -> None:
    options = Options(command=("true",), env={"HOOK": "given"})
    seen = environment(options, resolve_user(None), frozenset({"HOOK", "PATH"}))
    assert seen["HOOK"] == "given"


def test_whatever_is_called_a_secret_is_hidden_in_every_text() -> None:
    loaded = made(TEXT, ENVIRON)
    line = "; ".join([*ENVIRON.values(), "literal-key-1"])
    with redact.hidden(secret.get_secret_value() for secret in loaded.secrets):
        shown = printable(line)
    for secret in (
        "opsbots-own-token",
        "q1w2e3r4t5y6",
        "shared-secret-1",
        "watched-bots-token",
        "literal-key-1",
    ):
        assert secret not in shown
    assert "mail.example.com" in shown
    assert "/bin" in shown


def test_a_loaded_configuration_shows_no_secret_of_its_own() -> None:
    shown = repr(made(TEXT, ENVIRON))
    for secret in ("opsbots-own-token", "q1w2e3r4t5y6", "shared-secret-1", "literal-key-1"):
        assert secret not in shown
