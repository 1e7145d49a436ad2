"""Rules of a file: built-in ones, replaced ones, and on which targets they apply."""

from __future__ import annotations

import pytest

from opsbot.domain.expr import Compare
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.rule import ActionKind, Rule
from tests.config.kit import made, problem, rules_of

TWO = """
targets:
  web: {checks: {process: {}, disk: {}}}
  batch: {checks: {disk: {}}}
"""


def rule(fields: str, target: str = "web") -> Rule:
    return rules_of(made(TWO + f"rules: [{{name: mine, {fields}}}]"), target)["mine"]


def test_a_rule_applies_to_every_target_that_has_what_it_reads() -> None:
    loaded = made(TWO + "rules: [{name: a, condition: cpu > 5}, {name: b, condition: disk_free < 7GB}]")
    assert {"a", "b"} <= rules_of(loaded, "web").keys()
    assert "a" not in rules_of(loaded, "batch")
    assert "b" in rules_of(loaded, "batch")


def test_a_rule_for_named_targets_must_work_on_them() -> None:
    found = problem(TWO + "rules: [{name: a, condition: cpu > 5, targets: [batch]}]")
    assert "`batch`" in found.message
    loaded = made(TWO + "rules: [{name: a, condition: disk_free < 7GB, targets: [batch]}]")
    assert "a" not in rules_of(loaded, "web")


def test_a_rule_of_the_same_name_replaces_the_built_in_one() -> None:
    loaded = made("rules: [{name: high_cpu_usage, condition: cpu > 50, severity: info}]")
    mine = rules_of(loaded)["high_cpu_usage"]
    assert isinstance(mine.condition, Compare)
    assert (mine.condition.limit, mine.priority, mine.hold_seconds) == (50, Priority.P4, 0)


def test_a_built_in_rule_can_be_turned_off() -> None:
    assert "threads" in rules_of(made(""))
    assert "threads" not in rules_of(made("rules: [{name: threads, enabled: false}]"))


def test_all_built_in_rules_can_be_turned_off() -> None:
    assert rules_of(made("builtin_rules: false")) == {}


@pytest.mark.parametrize(
    ("severity", "condition", "priority"),
    [
        ("critical", "cpu > 5", Priority.P2),
        ("warning", "cpu > 5", Priority.P3),
        ("info", "cpu > 5", Priority.P4),
        ("critical", "process_not_running", Priority.P1),
        ("warning", "process_not_running", Priority.P3),
        ("critical", "cpu > 5 or process_not_running", Priority.P1),
    ],
)
def test_priority_follows_from_severity_and_condition(
    severity: str, condition: str, priority: Priority
) -> None:
    found = rule(f"condition: {condition}, severity: {severity}")
    assert (found.severity, found.priority) == (Severity(severity), priority)


def test_a_rule_may_say_its_own_priority_and_times() -> None:
    found = rule(
        "condition: cpu > thresholds.cpu_usage.critical, priority: P1, for_seconds: 10, samples: 2, "
        "of_samples: 5, recover_seconds: 90, message: '{value} of {threshold}', action: restart"
    )
    assert (found.priority, found.hold_seconds, found.need, found.of) == (Priority.P1, 10, 2, 5)
    assert (found.recover_seconds, found.action) == (90, ActionKind.RESTART)


def test_fewer_samples_than_needed_is_a_mistake() -> None:
    found = problem("rules: [{name: x, condition: cpu > 5, samples: 5, of_samples: 2}]")
    assert found.key == "rules[0].of_samples"


def test_numbers_recover_after_a_minute_and_outcomes_at_once() -> None:
    assert rule("condition: cpu > 5").recover_seconds == 60
    assert rule("condition: process_not_running").recover_seconds == 0


def test_an_action_that_is_switched_off_is_not_taken() -> None:
    text = "{actions: {restart: {enabled: false}}, rules: []}"
    assert rules_of(made(text))["bot_process_down"].action is ActionKind.NONE
    assert made(text).actions.disabled == {"restart"}
    assert not made(text).targets[0].restart.enabled


def test_a_custom_action_is_kept_and_its_rule_says_what_happens() -> None:
    text = """
    actions: {page: {command: [notify, --all]}}
    rules: [{name: x, condition: cpu > 5, action: page}]
    """
    loaded = made(text)
    assert loaded.actions.commands == {"page": ("notify", "--all")}
    assert rules_of(loaded)["x"].action is ActionKind.NONE
    assert any("page" in notice for notice in loaded.notices)


def test_parts_with_different_times_are_pointed_out() -> None:
    text = "rules: [{name: x, condition: cpu > thresholds.cpu_usage.critical or process_not_running}]"
    loaded = made(text)
    assert rules_of(loaded)["x"].hold_seconds == 300
    assert any("rule x" in notice and "300 s" in notice for notice in loaded.notices)


def test_a_recovery_limit_reaches_the_rule() -> None:
    loaded = made("thresholds: {cpu_usage: {critical_recovery: 60}}")
    condition = rules_of(loaded)["high_cpu_usage"].condition
    assert isinstance(condition, Compare)
    assert (condition.limit, condition.recovery) == (85, 60)


def test_a_threshold_with_which_a_built_in_rule_cannot_work_is_a_mistake() -> None:
    found = problem("thresholds:\n  memory_usage: {critical: 100}\n")
    assert (found.line, found.key) == (2, "thresholds.memory_usage")
    assert "high_memory_usage" in found.message
    assert "never true" in found.message


def test_a_built_in_rule_that_a_slow_check_cannot_feed_is_pointed_out() -> None:
    loaded = made("targets: {a: {checks: {log: {path: x, interval_seconds: 3600}}}}")
    assert "high_error_rate" not in rules_of(loaded, "a")
    assert any("high_error_rate" in notice and "too short" in notice for notice in loaded.notices)
