"""The section `diagnostics`, and the configuration as it may be given away."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.config.shown import shown
from opsbot.domain.diagnostics import MIB, BundlePolicy, Investigation
from opsbot.redact import HIDDEN
from tests.config.kit import made, problems


def test_by_default_urgent_incidents_get_a_bundle_and_nobody_looks_into_targets() -> None:
    settings = made("")
    assert settings.diagnostics == BundlePolicy()
    assert not settings.diagnostics.profile
    assert settings.targets[0].investigation == Investigation(on_p1=True)


def test_what_is_written_holds() -> None:
    settings = made(
        """
        diagnostics:
          {on_p1: false, profile: true, max_mb: 25, environment: [REGION], keep: 5, keep_mb: 50, keep_days: 7}
        """
    )
    policy = settings.diagnostics
    assert (policy.on_p1, policy.profile, policy.most_bytes) == (False, True, 25 * MIB)
    assert (policy.environment, policy.keep, policy.keep_bytes) == (("REGION",), 5, 50 * MIB)
    assert policy.keep_seconds == 7 * 86_400
    assert settings.targets[0].investigation == Investigation(on_p1=False)


@pytest.mark.parametrize(("size", "notes"), [("10", 0), ("10.5", 1), ("500", 1)])
def test_a_size_that_discord_does_not_take_is_said_when_it_is_read(size: str, notes: int) -> None:
    bot = "discord: {guild: 123456789012345678, ops_channel: 123456789012345679}"
    said = [one for one in made(f"{bot}\ndiagnostics: {{max_mb: {size}}}").notices if "max_mb" in one]
    assert len(said) == notes
    assert all("“attachments” of the state directory" in one for one in said)


def test_an_action_that_is_off_collects_nothing_by_itself() -> None:
    settings = made("actions: {investigate: {enabled: false}}")
    assert settings.targets[0].investigation is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("diagnostics: {max_mb: 0.1}", "max_mb"),
        ("diagnostics: {max_mb: yes}", "max_mb"),
        ("diagnostics: {environment: ['a=b']}", "environment"),
        ("diagnostics: {keep: 0}", "keep"),
        ("diagnostics: {on_p2: true}", "on_p2"),
    ],
)
def test_a_mistake_is_told_with_its_key(text: str, key: str) -> None:
    (problem,) = problems(text)
    assert key in problem.key


def test_what_is_shown_has_neither_comments_nor_values_called_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "opsbot.yml"
    path.write_text(
        """
        # token: hidden-in-a-comment
        discord: {token: "${OPSBOT_DISCORD_TOKEN}", guild: 1}
        notifications:
          hook: {type: webhook, secret: correct-horse, password: "${P:-battery-staple}"}
          many: {api_keys: x, token: [one-one-one, two-two-two]}
        state_dir: /srv/state  # hidden-too
        """
    )
    text = shown(path)
    assert "${OPSBOT_DISCORD_TOKEN}" in text
    assert "/srv/state" in text
    for secret in ("comment", "correct-horse", "battery", "one-one", "two-two", "hidden-too"):
        assert secret not in text
    assert text.count(HIDDEN) == 4


def test_without_a_file_that_is_said() -> None:
    assert "no configuration file" in shown(None)
