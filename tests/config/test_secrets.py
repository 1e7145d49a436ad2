"""Secrets: from the environment or from files of their own, never from the configuration itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from opsbot.config.secret_files import SecretUnreadable, read_secret
from tests.config.kit import made, problem

DISCORD = "discord: {{guild: 1, ops_channel: 2, roles: {{admin: 3}}, {token}}}"
WEBHOOK = "notifications: {{hook: {{type: slack, {url}}}}}"


def secret_file(folder: Path, mode: int = 0o600, text: str = "s3cret-value\n") -> Path:
    path = folder / "secret"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_secret_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    assert read_secret(secret_file(tmp_path)) == "s3cret-value"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o660, 0o602])
def test_a_secret_file_open_to_others_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SecretUnreadable, match="chmod 600"):
        read_secret(secret_file(tmp_path, mode))


def test_an_empty_a_missing_and_a_special_secret_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretUnreadable, match="is empty"):
        read_secret(secret_file(tmp_path, text=" \n"))
    with pytest.raises(SecretUnreadable, match="cannot be read"):
        read_secret(tmp_path / "nothing")
    for special in (Path("/dev/null"), tmp_path):
        with pytest.raises(SecretUnreadable, match="not a regular file"):
            read_secret(special)


def test_a_large_or_binary_secret_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretUnreadable, match="too large"):
        read_secret(secret_file(tmp_path, text="x" * 70_000))
    path = secret_file(tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SecretUnreadable, match="not UTF-8"):
        read_secret(path)


def test_the_token_comes_from_the_environment() -> None:
    loaded = made(DISCORD.format(token="mention_from: P2"), {"OPSBOT_DISCORD_TOKEN": "abc.def.ghi"})
    assert loaded.discord is not None
    assert loaded.discord.token == SecretStr("abc.def.ghi")
    assert SecretStr("abc.def.ghi") in loaded.secrets
    assert "abc.def" not in repr(loaded)


def test_the_token_comes_from_a_file(tmp_path: Path) -> None:
    loaded = made(DISCORD.format(token=f"token_file: {secret_file(tmp_path)}"))
    assert loaded.discord is not None
    assert loaded.discord.token == SecretStr("s3cret-value")
    assert loaded.secrets == (SecretStr("s3cret-value"),)


def test_without_a_token_everything_else_loads() -> None:
    loaded = made(DISCORD.format(token="mention_from: P2"))
    assert loaded.discord is not None
    assert loaded.discord.token is None


def test_a_token_in_the_file_is_refused_and_not_repeated() -> None:
    found = problem(DISCORD.format(token="token: abc.def.ghi"))
    assert found.key == "discord.token"
    assert "${NAME}" in found.message
    assert "token_file" in found.message
    assert "abc.def" not in str(found)


def test_a_notifiers_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    path = secret_file(tmp_path, text="https://hooks.test/1")
    loaded = made(WEBHOOK.format(url=f"webhook_url_file: {path}"))
    assert loaded.notifiers[0].options.webhook_url == SecretStr("https://hooks.test/1")


def test_a_secret_file_open_to_others_is_one_problem_at_its_key(tmp_path: Path) -> None:
    found = problem(WEBHOOK.format(url=f"webhook_url_file: {secret_file(tmp_path, 0o644)}"))
    assert found.key == "notifications.hook.webhook_url_file"
    assert "open to others" in found.message


def test_a_secret_given_twice_is_one_problem(tmp_path: Path) -> None:
    both = f"webhook_url: '${{HOOK}}', webhook_url_file: {secret_file(tmp_path)}"
    found = problem(WEBHOOK.format(url=both), {"HOOK": "https://hooks.test/1"})
    assert "both given" in found.message


def test_every_secret_that_was_loaded_is_known_to_the_redactor() -> None:
    text = """
    targets:
      a:
        checks:
          api: {type: http, url: "http://localhost/", headers: {Authorization: "Bearer ${API_KEY}"}}
    """
    assert made(text, {"API_KEY": "key-12345"}).secrets == (SecretStr("key-12345"),)


def test_opsbots_own_variables_are_hidden_from_targets() -> None:
    environ = {"OPSBOT_DISCORD_TOKEN": "x", "OPSBOT_OTHER": "y", "PATH": "/bin"}
    assert made("", environ).hidden_env == {"OPSBOT_DISCORD_TOKEN", "OPSBOT_OTHER"}
