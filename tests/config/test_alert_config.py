"""The alert file that operators of the guide's bot have: it loads unmodified, and means what it says."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from opsbot.config.load import load
from opsbot.domain.expr import Compare, Reading, Seen
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.rule import ActionKind
from opsbot.errors import ConfigError
from tests.config.kit import ALERT_CONFIG, GUIDE_ENVIRON, PACKAGES, guide_settings, rules_of


def test_it_loads_unmodified_and_watches_summary_bot() -> None:
    loaded = guide_settings()
    assert [target.title for target in loaded.targets] == ["Summary Bot NG"]
    assert loaded.targets[0].supervisor is not None
    assert loaded.targets[0].supervisor.options.command == ("python", "-m", "src.main")


@pytest.mark.parametrize(
    ("name", "severity", "priority", "action", "hold", "need"),
    [
        ("bot_process_down", "critical", "P1", "restart", 0, 1),
        ("high_cpu_usage", "critical", "P2", "investigate", 300, 1),
        ("high_memory_usage", "critical", "P2", "investigate", 300, 1),
        ("api_health_failure", "critical", "P1", "restart", 0, 3),
        ("high_error_rate", "critical", "P2", "investigate", 0, 1),
        ("slow_response_time", "warning", "P3", "monitor", 0, 5),
        ("log_file_size", "warning", "P3", "rotate_logs", 0, 1),
        ("discord_gateway_disconnected", "critical", "P2", "restart", 60, 1),
        ("openrouter_api_errors", "warning", "P3", "check_api_key", 0, 1),
    ],
)
def test_each_of_its_rules_means_what_the_design_says(
    name: str, severity: str, priority: str, action: str, hold: float, need: int
) -> None:
    rule = rules_of(guide_settings())[name]
    assert (rule.severity, rule.priority) == (Severity(severity), Priority(priority))
    assert (rule.action, rule.hold_seconds) == (ActionKind(action), hold)
    assert (rule.need, rule.of) == (need, need)


def test_its_limits_are_in_the_units_of_the_guide() -> None:
    rules = rules_of(guide_settings())
    units = {}
    for name in (
        "high_cpu_usage",
        "high_error_rate",
        "slow_response_time",
        "log_file_size",
        "openrouter_api_errors",
    ):
        condition = rules[name].condition
        assert isinstance(condition, Compare)
        units[name] = (condition.limit, condition.left.unit)
    assert units == {
        "high_cpu_usage": (85, "%"),
        "high_error_rate": (20, "/min"),
        "slow_response_time": (5000, "ms"),
        "log_file_size": (100, "MB"),
        "openrouter_api_errors": (5, "/h"),
    }


def test_rules_are_evaluated_when_a_check_they_read_has_looked() -> None:
    rules = rules_of(guide_settings())
    assert rules["bot_process_down"].reads == {"process"}
    assert rules["discord_gateway_disconnected"].reads == {"gateway", "sockets"}
    assert rules["openrouter_api_errors"].reads == {"openrouter"}


def test_restarts_follow_the_file() -> None:
    policy = guide_settings().targets[0].restart
    assert (policy.enabled, policy.max_per_hour, policy.backoff_first) == (True, 3, 60.0)


def test_checks_look_as_often_as_the_file_says() -> None:
    intervals = {check.name: check.interval for check in guide_settings().targets[0].checks}
    assert intervals["process"] == 30
    assert intervals["health"] == 60
    assert intervals["disk"] == 3600


def test_the_webhook_is_told_and_what_is_off_is_not() -> None:
    loaded = guide_settings()
    assert [(spec.name, spec.kind) for spec in loaded.notifiers] == [
        ("discord", "discord_webhook"),
        ("log", "log"),
    ]
    webhook = loaded.notifiers[0].options
    assert webhook.webhook_url == SecretStr(GUIDE_ENVIRON["DISCORD_ALERT_WEBHOOK_URL"])
    assert webhook.alert_levels == {Severity.WARNING, Severity.CRITICAL}
    assert webhook.rate_limit_minutes == 15


def test_an_enabled_notifier_without_its_variable_is_an_error_a_disabled_one_is_not() -> None:
    with pytest.raises(ConfigError) as caught:
        guide_settings({})
    [problem] = caught.value.problems
    assert problem.key == "notifications.discord.webhook_url"
    assert "DISCORD_ALERT_WEBHOOK_URL" in problem.message


def test_a_command_that_tells_nobody_needs_no_secrets() -> None:
    loaded = load(ALERT_CONFIG, {}, packages=PACKAGES, watch_only=True)
    assert loaded.notifiers == ()
    assert [check.name for check in loaded.targets[0].checks] == [
        check.name for check in guide_settings().targets[0].checks
    ]


def test_scripts_are_not_run_and_that_is_said_in_one_line_each() -> None:
    notices = guide_settings().notices
    for action in ("restart", "rotate_logs", "investigate"):
        assert f"actions.{action}.script is not run: opsbot's own action takes its place." in notices
    assert all("\n" not in notice for notice in notices)


def test_a_lost_gateway_restarts_while_opsbot_can_tell_that_it_is_not_discord() -> None:
    loaded = guide_settings()
    rule = rules_of(loaded)["discord_gateway_disconnected"]
    assert rule.action is ActionKind.RESTART
    assert rule.by_gateway
    assert loaded.outages.enabled
    assert not any("discord_gateway_disconnected" in notice for notice in loaded.notices)


def test_a_gateway_lost_for_five_minutes_is_p1() -> None:
    rule = rules_of(guide_settings())["discord_gateway_lost"]
    assert (rule.priority, rule.hold_seconds) == (Priority.P1, 300)


def test_the_guides_table_is_told_at_p3_and_p4() -> None:
    rules = rules_of(guide_settings())
    found = {}
    for name in ("rss", "threads", "errors_per_hour", "gateway_disconnects", "openrouter_success_rate"):
        for rule in (rules[name], rules[f"{name}_critical"]):
            limit = _limit(rule.condition)
            found[rule.name] = (limit, rule.priority.value)
    assert found == {
        "rss": (500, "P4"),
        "rss_critical": (1024, "P3"),
        "threads": (50, "P4"),
        "threads_critical": (100, "P3"),
        "errors_per_hour": (5, "P4"),
        "errors_per_hour_critical": (20, "P3"),
        "gateway_disconnects": (1, "P4"),
        "gateway_disconnects_critical": (5, "P3"),
        "openrouter_success_rate": (95, "P4"),
        "openrouter_success_rate_critical": (90, "P3"),
    }


def _limit(condition: object) -> float:
    """Of the first comparison, whose numbers are told beside the message."""
    terms = [condition] if isinstance(condition, Compare) else getattr(condition, "terms", [])
    first = terms[0]
    assert isinstance(first, Compare)
    return first.limit


def test_trends_are_watched() -> None:
    rules = rules_of(guide_settings())
    assert {"memory_leak", "log_growing_rapidly"} <= rules.keys()
    assert rules["memory_leak"].priority is Priority.P3


def test_a_message_may_name_numbers_that_its_condition_does_not_read() -> None:
    text = ALERT_CONFIG.read_text().replace(
        "is not running", "is not running, CPU was {cpu}%, log {log_size} MB"
    )
    from opsbot.config.load import settings
    from opsbot.config.yaml_loader import load_text

    loaded = settings(load_text(text), None, GUIDE_ENVIRON, packages=PACKAGES)
    rule = rules_of(loaded)["bot_process_down"]
    assert isinstance(rule.condition, Seen)
    assert [operand.name for operand in rule.shows] == ["cpu", "log_size"]
    assert rule.shows[1] == Reading("log_size_bytes", scale=2**-20, name="log_size", unit="MB")


def test_data_is_kept_as_long_as_the_file_says() -> None:
    kept = guide_settings().retention
    assert (kept.metrics.minute, kept.logs, kept.alerts) == (30 * 86400, 14 * 86400, 90 * 86400)
    assert (kept.metrics.raw, kept.metrics.hour) == (86400, 365 * 86400)
    assert kept.metrics.most_bytes == 2**31
    assert kept.metrics_dir.name == "metrics"


def test_a_warning_of_the_thresholds_is_a_rule_of_its_own() -> None:
    rules = rules_of(guide_settings())
    assert _limit(rules["elevated_cpu_usage"].condition) == 70
    assert rules["elevated_cpu_usage"].priority is Priority.P3
    assert rules["elevated_cpu_usage"].hold_seconds == 300
