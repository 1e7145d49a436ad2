"""What the tests of the configuration share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from opsbot.config.adapters import Packages
from opsbot.config.load import load, settings
from opsbot.config.settings import Settings
from opsbot.config.yaml_loader import load_text
from opsbot.domain.rule import Rule
from opsbot.errors import ConfigError, Problem

HERE = Path(__file__).parent
ALERT_CONFIG = HERE / "alert-config.yml"
"""The file as operators of the guide's bot have it."""

PACKAGES = Packages(
    "tests.config.adapters.checks", "tests.config.adapters.supervisors", "tests.config.adapters.notifiers"
)
GUIDE_ENVIRON = {"DISCORD_ALERT_WEBHOOK_URL": "https://discord.test/api/webhooks/1/secret"}


def made(text: str, environ: Mapping[str, str] | None = None, *, watch_only: bool = False) -> Settings:
    """Settings of a configuration's text, as if it stood in `opsbot.yml`."""
    document = load_text(dedent(text), "opsbot.yml")
    return settings(document, None, environ or {}, packages=PACKAGES, watch_only=watch_only)


def problems(text: str, environ: Mapping[str, str] | None = None) -> list[Problem]:
    """Everything that is wrong with a text."""
    with pytest.raises(ConfigError) as caught:
        made(text, environ)
    return caught.value.problems


def problem(text: str, environ: Mapping[str, str] | None = None) -> Problem:
    """The only thing that is wrong with a text."""
    found = problems(text, environ)
    assert len(found) == 1, [str(one) for one in found]
    return found[0]


def guide_settings(environ: Mapping[str, str] = GUIDE_ENVIRON) -> Settings:
    """The alert file, loaded."""
    return load(ALERT_CONFIG, environ, packages=PACKAGES)


def rules_of(loaded: Settings, target: str = "summarybot") -> dict[str, Rule]:
    """A target's rules by name."""
    found = loaded.target(target)
    assert found is not None
    return {rule.name: rule for rule in found.rules}
