"""A file without targets: Summary Bot NG with the guide's defaults and variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opsbot.config.builtin_rules import built_in
from opsbot.config.load import load
from opsbot.config.models.rule import RuleSection
from opsbot.config.settings import Settings
from tests.config.kit import PACKAGES, made, problem, rules_of


def options(loaded: Settings, check: str) -> Any:
    return next(spec.options for spec in loaded.targets[0].checks if spec.name == check)


def test_no_file_at_all_is_the_guides_service() -> None:
    loaded = load(None, {}, packages=PACKAGES)
    assert loaded.file is None
    assert options(loaded, "health").url == "http://localhost:5000/health"
    assert options(loaded, "port").port == 5000
    assert options(loaded, "log").path == Path.cwd() / "summarybot.log"
    assert loaded.discord is None
    assert loaded.access is None


def test_the_guides_seven_rules_apply() -> None:
    assert {
        "bot_process_down",
        "high_cpu_usage",
        "high_memory_usage",
        "api_health_failure",
        "high_error_rate",
        "discord_gateway_disconnected",
        "log_file_size",
    } <= rules_of(made("")).keys()


def test_every_built_in_rule_is_a_valid_rule() -> None:
    for section in built_in(["openrouter"], ["nightly"]):
        assert RuleSection.model_validate(section.model_dump()) == section


def test_every_built_in_rule_applies_to_the_guides_service() -> None:
    names = {section.name for section in built_in(["openrouter"])}
    unknown = names - rules_of(made("")).keys()
    assert unknown == {"summarize_time", "summarize_time_critical"}  # needs a synthetic transaction


def test_the_guides_variables_are_obeyed() -> None:
    environ = {
        "LOG_FILE": "./logs/bot.log",
        "WEBHOOK_URL": "http://localhost:8080/",
        "METRICS_DIR": "./data/metrics",
        "INTERVAL": "30",
        "MAX_SIZE_MB": "50",
        "KEEP_FILES": "20",
    }
    loaded = made("", environ)
    assert options(loaded, "log").path == Path.cwd() / "logs/bot.log"
    assert options(loaded, "health").url == "http://localhost:8080/health"
    assert options(loaded, "port").port == 8080
    assert loaded.retention.metrics_dir == Path.cwd() / "data/metrics"
    assert loaded.schedules.performance_metrics.interval == 30
    assert limits(loaded) == (50 * 2**20, 20)


def limits(loaded: Settings) -> tuple[int, int]:
    """Bytes from which the log is rotated, and archives kept."""
    rotation = loaded.targets[0].rotation
    assert rotation is not None
    return rotation.min_bytes, rotation.log.keep


def test_what_the_file_says_wins_over_the_guides_variables() -> None:
    text = """
    schedules: {performance_metrics: {interval_seconds: 120}}
    actions: {rotate_logs: {keep_files: 5, max_size_mb: 10}}
    """
    loaded = made(text, {"INTERVAL": "30", "KEEP_FILES": "20", "MAX_SIZE_MB": "50"})
    assert loaded.schedules.performance_metrics.interval == 120
    assert limits(loaded) == (10 * 2**20, 5)


def test_logs_are_rotated_from_the_size_that_warns_and_ten_are_kept() -> None:
    loaded = made("thresholds: {log_size: {warning: 80}}")
    assert limits(loaded) == (80 * 2**20, 10)
    rotation = loaded.targets[0].rotation
    assert rotation is not None
    assert rotation.log.path == Path.cwd() / "summarybot.log"
    assert (rotation.log.archive_dir, rotation.log.name) == (Path.cwd() / "logs/archive", "summarybot")
    assert (rotation.interval, rotation.log.max_age, rotation.enabled) == (3600, 14 * 86400, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERVAL", "often"),
        ("MAX_SIZE_MB", "nan"),
        ("KEEP_FILES", "1e9"),
        ("INTERVAL", "0"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    found = problem("", {name: value})
    assert (found.file, found.key) == ("environment", name)
    assert "must be a number" in found.message


@pytest.mark.parametrize("url", ["localhost:5000", "http://", "http://host:99999", "::", "http://[bad"])
def test_a_wrong_webhook_url_is_named(url: str) -> None:
    assert problem("", {"WEBHOOK_URL": url}).key == "WEBHOOK_URL"


def test_with_targets_of_its_own_a_file_ignores_the_guides_variables() -> None:
    text = "targets: {web: {checks: {disk: {}}}}"
    loaded = made(
        text, {"INTERVAL": "often", "LOG_FILE": "/x", "DISCORD_ALERT_WEBHOOK_URL": "https://x.test/"}
    )
    assert loaded.notifiers == ()
    assert loaded.schedules.performance_metrics.interval == 300


def test_without_a_section_those_are_told_whose_variable_is_set() -> None:
    environ = {"SLACK_WEBHOOK_URL": "https://slack.test/hook", "PAGERDUTY_ROUTING_KEY": "0123456789"}
    assert [spec.name for spec in made("", environ).notifiers] == ["log", "slack", "pagerduty"]
    assert [spec.name for spec in made("").notifiers] == ["log"]
    assert made("notifications: {}", environ).notifiers == ()


def test_secrets_from_the_guides_variables_are_known_to_the_redactor() -> None:
    loaded = made("", {"PAGERDUTY_ROUTING_KEY": "0123456789"})
    assert [secret.get_secret_value() for secret in loaded.secrets] == ["0123456789"]
