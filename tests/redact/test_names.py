"""What a telling name says is secret, for whoever hides it elsewhere too."""

from __future__ import annotations

import pytest

from opsbot import redact


@pytest.mark.parametrize(
    "name", ["DISCORD_TOKEN", "token", "db-password", "OPENROUTER_API_KEY", "session_cookie", "SENTRY_DSN"]
)
def test_a_name_that_ends_so_is_a_secrets(name: str) -> None:
    assert redact.is_secret_name(name)


@pytest.mark.parametrize("name", ["PATH", "KEYBOARD", "tokens_total", "monkey", "LANG", ""])
def test_another_name_is_not(name: str) -> None:
    assert not redact.is_secret_name(name)


def test_values_behind_telling_names_are_found_unless_they_are_short() -> None:
    text = "bot --password correct-horse --token=abc\nAPI_KEY=hunter2-hunter2 PATH=/usr/bin"
    assert redact.called_secret(text) == {"correct-horse", "hunter2-hunter2"}
