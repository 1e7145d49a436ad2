"""The configuration with opsbot's real checks, supervisors and notifiers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from opsbot.config.load import load, settings
from opsbot.config.settings import Settings
from opsbot.config.template import TEMPLATE
from opsbot.config.usual_metrics import USUAL_METRICS
from opsbot.config.yaml_loader import load_text
from opsbot.errors import ConfigError
from tests.config.kit import ALERT_CONFIG, GUIDE_ENVIRON, rules_of


def real(text: str, environ: Mapping[str, str] | None = None) -> Settings:
    return settings(load_text(text, "opsbot.yml"), None, environ or {})


def test_the_alert_file_and_the_template_load() -> None:
    assert load(ALERT_CONFIG, GUIDE_ENVIRON).targets[0].title == "Summary Bot NG"
    assert real(TEMPLATE).targets == load(None, {}).targets


def test_every_built_in_rule_finds_its_metrics() -> None:
    names = rules_of(load(ALERT_CONFIG, GUIDE_ENVIRON))
    assert {
        "memory_leak",
        "log_growing_rapidly",
        "openrouter_success_rate",
        "disk_space_low",
        "port_closed",
    } <= set(names)


def test_the_usual_metrics_are_those_of_the_real_checks() -> None:
    for metric in USUAL_METRICS:
        assert real(f"rules: [{{name: x, condition: {metric} != 0.5}}]")


def test_the_summarize_transaction_of_the_guide_has_its_rules() -> None:
    text = """
targets:
  bot:
    checks:
      summarize:
        type: http
        url: http://localhost:5000/api/v1/summarize
        method: POST
        prefix: summarize
        headers: {Authorization: "Bearer ${API_KEY}"}
        json: {messages: [{role: user, content: Test message 1}]}
        timeout_seconds: 60
        interval_seconds: 900
"""
    loaded = real(text, {"API_KEY": "0123456789abcdef"})
    assert {"summarize_time", "summarize_time_critical"} <= rules_of(loaded, "bot").keys()
    assert [secret.get_secret_value() for secret in loaded.secrets] == ["0123456789abcdef"]
    assert loaded.targets[0].checks[0].timeout > 60


@pytest.mark.parametrize(
    ("check", "key", "words"),
    [
        ("{type: http, url: 'file:///etc/passwd'}", "targets.a.checks.c.url", "http"),
        (
            "{type: http, url: 'http://localhost/', expect: {statsu: 5}}",
            "targets.a.checks.c.expect.statsu",
            "status",
        ),
        ("{type: http, url: 'http://localhost/', jsn: {}}", "targets.a.checks.c.jsn", "did you mean `json`?"),
        ("{type: log, path: x, patterns: {bad: '('}}", "targets.a.checks.c.patterns", ""),
        ("{type: upstream, path: x, nme: y}", "targets.a.checks.c.nme", "did you mean `name`?"),
        ("{type: disk, warning_gb: 1, critical_gb: 5}", "targets.a.checks.c", "critical_gb"),
    ],
)
def test_a_checks_own_mistakes_have_their_place(check: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        real(f"targets: {{a: {{checks: {{c: {check}}}}}}}")
    [problem] = caught.value.problems
    assert problem.key == key
    assert words in problem.message
    assert problem.line == 1


def test_a_wrong_secret_is_never_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        real("notifications: {slack: {webhook_url: '${HOOK}'}}", {"HOOK": "not a web address hunter2"})
    assert "hunter2" not in str(caught.value)
    assert caught.value.problems[0].key == "notifications.slack.webhook_url"
