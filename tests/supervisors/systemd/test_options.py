"""The unit's name is the only thing that comes from a person: nothing else may hide in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opsbot.config.load import settings
from opsbot.config.settings import Settings
from opsbot.config.yaml_loader import load_text
from opsbot.errors import ConfigError
from opsbot.supervisors.systemd import Options, Scope


def configured(unit: Any, more: str = "") -> Settings:
    supervisor = f"{{type: systemd, unit: {json.dumps(unit)}{more}}}"
    text = f"targets: {{bot: {{checks: {{process: }}, supervisor: {supervisor}}}}}"
    return settings(load_text(text, "opsbot.yml"), None, {})


@pytest.mark.parametrize(
    "unit",
    ["summarybot.service", "bot@main.service", r"dev-\x2dbot.service", "org.bot:1_2.service", "_.service"],
)
def test_what_systemd_calls_a_service_is_accepted(unit: str) -> None:
    spec = configured(unit).targets[0].supervisor
    assert spec is not None
    assert spec.options == Options(unit=unit, scope=Scope.SYSTEM)


@pytest.mark.parametrize(
    "unit",
    [
        "--user",
        "-H evil.service",
        "--host=evil.service",
        "-.service",
        ".service",
        "..service",
        "a..service",
        "../../x.service",
        "/etc/systemd/system/x.service",
        "a.service;rm",
        "a.service --now",
        "a b.service",
        "$(id).service",
        "*.service",
        "[ab].service",
        "?.service",
        "a.service\n",
        "a.socket",
        "summarybot",
        "ä.service",
        "",
        "a" * 248 + ".service",
    ],
)
def test_a_name_that_is_none_is_refused_by_the_configuration(unit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(unit)
    [problem] = caught.value.problems
    assert problem.key == "targets.bot.supervisor.unit"
    assert "write it like `summarybot.service`" in problem.message
    assert len(str(problem)) < 500


def test_a_template_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(ConfigError, match=r"`bot@main\.service`"):
        configured("bot@.service")


def test_the_longest_name_is_accepted() -> None:
    assert configured("a" * 247 + ".service").targets


def test_a_users_own_units_are_asked_for_by_scope() -> None:
    spec = configured("bot.service", ", scope: user").targets[0].supervisor
    assert spec is not None
    assert spec.options.scope is Scope.USER


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ConfigError, match="scope"):
        configured("bot.service", ", scope: root")
