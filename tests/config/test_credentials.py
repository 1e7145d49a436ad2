"""`credentials` of a target, and what `check_api_key` and `monitor` come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.domain.credential import Credential
from tests.config.kit import guide_settings, made, problem

ONE = """
        targets:
          bot:
            checks: {process: {type: process}}
            credentials:
              openrouter: %s
        """


def test_the_guides_bot_has_its_key_and_nobody_is_asked_for_it_by_itself() -> None:
    loaded = guide_settings()
    assert loaded.targets[0].credentials == (Credential("openrouter", "OPENROUTER_API_KEY"),)
    assert loaded.targets[0].close_watch == 300


def test_check_config_says_what_the_check_of_the_key_leaves_out() -> None:
    (said,) = [text for text in guide_settings().notices if text.startswith("check_api_key")]
    assert said == (
        "check_api_key looks whether OPENROUTER_API_KEY of summarybot is set and what the log says, and asks "
        "nobody whether the key is accepted: name an address with "
        "`targets.summarybot.credentials.openrouter.url`."
    )


def test_a_rule_that_asks_for_it_where_no_key_is_named_is_said() -> None:
    loaded = made(
        """
        targets: {bot: {checks: {process: {type: process}}}}
        rules:
          - {name: down, condition: process_not_running, action: check_api_key}
        """
    )
    assert (
        "check_api_key checks nothing of bot: name its keys under `targets.bot.credentials`."
        in loaded.notices
    )


def test_what_is_written_holds() -> None:
    given = (
        "{variable: DISCORD_TOKEN, url: 'https://discord.com/api/v10/users/@me', scheme: Bot, "
        "min_length: 50, env_file: .env}"
    )
    (target,) = made(ONE % given).targets
    assert target.credentials == (
        Credential(
            "openrouter",
            "DISCORD_TOKEN",
            url="https://discord.com/api/v10/users/@me",
            scheme="Bot",
            least=50,
            env_file=Path.cwd() / ".env",
        ),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{variable: OPSBOT_DISCORD_TOKEN}", "are opsbot's own"),
        ("{variable: 'A B'}", "variable"),
        ("{variable: KEY, url: 'http://openrouter.ai/api/v1/key'}", "write an https:// address"),
        ("{variable: KEY, url: 'https://me:secret@openrouter.ai/'}", "holds credentials"),
        ("{variable: KEY, header: 'A: b'}", "header"),
        ("{url: 'https://openrouter.ai/api/v1/key'}", "variable"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(given: str, said: str) -> None:
    found = problem(ONE % given)
    assert said in f"{found.key} {found.message}"
    assert "secret" not in found.message


@pytest.mark.parametrize(
    ("given", "seconds", "keys"),
    [
        ("{monitor: {duration_seconds: 60}}", 60, 1),
        ("{monitor: {enabled: false}}", 0, 1),
        ("{check_api_key: {enabled: false}}", 300, 0),
    ],
)
def test_each_can_be_switched_off(given: str, seconds: float, keys: int) -> None:
    target = made(f"actions: {given}").targets[0]
    assert (target.close_watch, len(target.credentials)) == (seconds, keys)
