"""The alert file's own sections, as people have them, and what is wrong with others."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from opsbot import registry
from tests.bound import BOUND

KINDS = registry.kinds("opsbot.notifiers")
HOOK = "https://discord.com/api/webhooks/1/s3cret"

ALERT_FILE: dict[str, dict[str, Any]] = {
    "discord_webhook": {
        "enabled": True,
        "webhook_url": HOOK,
        "alert_levels": ["warning", "critical"],
        "rate_limit_minutes": 15,
    },
    "email": {
        "enabled": True,
        "smtp_host": "mail.example.com",
        "smtp_port": 587,
        "from_address": "alerts@summarybot.local",
        "to_addresses": ["admin@example.com"],
        "alert_levels": ["critical"],
    },
    "slack": {
        "enabled": True,
        "webhook_url": "https://hooks.slack.com/services/s3cret",
        "channel": "#alerts",
    },
    "pagerduty": {"enabled": True, "routing_key": "s3cret", "alert_levels": ["critical"]},
    "log": {"enabled": True, "file_path": "./logs/alerts.log", "alert_levels": ["info"]},
}
OFF: dict[str, dict[str, Any]] = {
    "discord_webhook": {"webhook_url": ""},
    "email": {"smtp_host": "", "from_address": "", "to_addresses": []},
    "slack": {"webhook_url": ""},
    "pagerduty": {"routing_key": ""},
    "webhook": {"url": ""},
    "log": {"file_path": ""},
    "apprise": {"urls": []},
}


def model(kind: str) -> type[BaseModel]:
    found: type[BaseModel] = registry.load("opsbot.notifiers", kind).Options
    return found


@pytest.mark.parametrize("kind", ALERT_FILE)
def test_the_alert_files_section_is_understood_and_its_secret_not_shown(kind: str) -> None:
    options = model(kind).model_validate(ALERT_FILE[kind])
    assert "s3cret" not in repr(options)
    assert "s3cret" not in options.model_dump_json()


@pytest.mark.parametrize("kind", OFF)
def test_a_notifier_that_is_off_may_have_its_secrets_unset(kind: str) -> None:
    model(kind).model_validate({"enabled": False, **OFF[kind]})
    with pytest.raises(ValidationError, match="is empty: set it, or set `enabled: false`"):
        model(kind).model_validate({"enabled": True, **OFF[kind]})


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_key_is_an_error(kind: str) -> None:
    with pytest.raises(ValidationError, match="web_hook_url"):
        model(kind).model_validate({**ALERT_FILE.get(kind, {}), "web_hook_url": HOOK})


@pytest.mark.parametrize(
    "address",
    ["s3cret", "file:///etc/s3cret", "https://", "https:// s3cret", "http://a:b/s3cret", "http://[s3cret"],
)
def test_a_wrong_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(ValidationError, match="must be a web address") as caught:
        model("slack").model_validate({"webhook_url": address})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_notifier_costs_nothing_before_it_sends(kind: str) -> None:
    heavy = "{'aiohttp', 'aiosmtplib', 'apprise', 'discord', 'requests'}"
    code = f"import sys, opsbot.notifiers.{kind}; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=BOUND, check=True
    )
    assert done.stdout.strip() == "set()"
