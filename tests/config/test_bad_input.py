"""Mistakes in a configuration: each one sentence with its place, its key and the remedy, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.config.load import load
from opsbot.errors import ConfigError
from tests.config.kit import ALERT_CONFIG, GUIDE_ENVIRON, PACKAGES, made, problem, problems

TARGET = """
targets:
  web:
    checks:
      process: {}
      health: {type: http, url: "http://localhost/"}
"""


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("treshold: {}", "treshold", "thresholds"),
        ("thresholds: {cpu_usge: {}}", "thresholds.cpu_usge", "cpu_usage"),
        ("thresholds: {cpu_usage: {criticl: 5}}", "thresholds.cpu_usage.criticl", "critical"),
        ("thresholds: {api_health: {max_failure: 5}}", "thresholds.api_health.max_failure", "max_failures"),
        ("schedules: {health_chek: {}}", "schedules.health_chek", "health_check"),
        ("schedules: {disk_space: {treshold_gb: 5}}", "schedules.disk_space.treshold_gb", "threshold_gb"),
        ("actions: {restart: {max_attempt: 5}}", "actions.restart.max_attempt", "max_attempts"),
        ("actions: {rotate_log: {}}", "actions.rotate_log", "rotate_logs"),
        ("retention: {metric: {}}", "retention.metric", "metrics"),
        ("retention: {logs: {duration_day: 5}}", "retention.logs.duration_day", "duration_days"),
        ("notifications: {log: {enabeld: true}}", "notifications.log.enabeld", "enabled"),
        ("notifications: {slak: {}}", "notifications.slak", "slack"),
        ("notifications: {x: {type: slak}}", "notifications.x.type", "slack"),
        ("discord: {guild: 1, ops_channel: 2, rols: {}}", "discord.rols", "roles"),
        ("discord: {guild: 1, ops_channel: 2, roles: {admn: 5}}", "discord.roles.admn", "admin"),
        ("targets: {web: {cheks: {}, checks: {disk: {}}}}", "targets.web.cheks", "checks"),
        ("targets: {web: {checks: {disk: {pth: /}}}}", "targets.web.checks.disk.pth", "path"),
        ("targets: {web: {checks: {disc: {}}}}", "targets.web.checks.disc", "disk"),
        (
            "targets: {web: {checks: {disk: {}}, restart: {max_per_hou: 1}}}",
            "targets.web.restart.max_per_hou",
            "max_per_hour",
        ),
        (
            "targets: {w: {checks: {disk: {}}, supervisor: {type: proces}}}",
            "targets.w.supervisor.type",
            "process",
        ),
        ("rules: [{name: x, condition: cpu > 5, mesage: x}]", "rules[0].mesage", "message"),
        ("rules: [{name: x, condition: cpu > 5, action: restrt}]", "rules[0].action", "restart"),
        ("rules: [{name: high_cpu_usge, enabled: false}]", "rules[0].name", "high_cpu_usage"),
    ],
)
def test_a_misspelt_key_is_told_with_the_nearest_right_one(text: str, key: str, nearest: str) -> None:
    found = problem(text)
    assert found.key == key
    assert f"did you mean `{nearest}`?" in found.message
    assert found.line == 1
    assert found.column > 0


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (
            "thresholds: {cpu_usage: {critical: high}}",
            "thresholds.cpu_usage.critical",
            "must be a number, not `high`",
        ),
        ("thresholds: {cpu_usage: {critical: true}}", "thresholds.cpu_usage.critical", "not true or false"),
        ("thresholds: {cpu_usage: {critical: .inf}}", "thresholds.cpu_usage.critical", "finite"),
        ("thresholds: {cpu_usage: 85}", "thresholds.cpu_usage", "must hold keys with values, not `85`"),
        ("thresholds: [1]", "thresholds", "must hold keys with values"),
        (
            "thresholds: {response_time: {samples: 0}}",
            "thresholds.response_time.samples",
            "at least 1, not `0`",
        ),
        ("thresholds: {response_time: {samples: 1.5}}", "thresholds.response_time.samples", "whole number"),
        (
            "schedules: {health_check: {interval_seconds: 0}}",
            "schedules.health_check.interval_seconds",
            "at least 0.2",
        ),
        (
            "schedules: {health_check: {enabled: 22:00}}",
            "schedules.health_check.enabled",
            "true or false, not `22:00`",
        ),
        ("retention: {logs: {duration_days: -1}}", "retention.logs.duration_days", "greater than 0"),
        ("actions: {restart: {script: 5}}", "actions.restart.script", "must be text"),
        ("actions: {investigate: {command: rm -rf}}", "actions.investigate.command", "must be a list"),
        ("rules: {name: x}", "rules", "must be a list"),
        ("rules: [x]", "rules[0]", "must hold keys with values"),
        ("rules: [null]", "rules[0]", "must hold keys with values"),
        ("rules: [{condition: cpu > 5}]", "rules[0].name", "is missing"),
        ("rules: [{name: x}]", "rules[0].condition", "is missing"),
        ("rules: [{name: x, condition: 5}]", "rules[0].condition", "must be text"),
        (
            "rules: [{name: x, condition: cpu > 5, severity: bad}]",
            "rules[0].severity",
            "'info', 'warning' or 'critical'",
        ),
        ("rules: [{name: x, condition: cpu > 5, priority: P5}]", "rules[0].priority", "not `P5`"),
        ("rules: [{name: 'a b', condition: cpu > 5}]", "rules[0].name", "a letter, then letters, digits"),
        ("targets: {a: {checks: {'x y': {type: disk}}}}", "targets.a.checks.x y", "must be a name"),
        ("targets: [web]", "targets", "one key for each"),
        ("targets: {web: 5}", "targets.web", "must hold keys with values"),
        ("targets: {web: {}}", "targets.web.checks", "is missing"),
        ("targets: {web: {checks: {}}}", "targets.web.checks", "must not be empty"),
        ("targets: {web: {checks: {disk: 5}}}", "targets.web.checks.disk", "must hold keys with values"),
        ("targets: {'../x': {checks: {disk: {}}}}", "targets.../x", "is no name"),
        (
            "targets: {web: {checks: {port: {port: http}}}}",
            "targets.web.checks.port.port",
            "whole number, not `http`",
        ),
        (
            "targets: {w: {checks: {disk: {interval_seconds: x}}}}",
            "targets.w.checks.disk.interval_seconds",
            "number",
        ),
        (
            "targets: {w: {checks: {disk: {type: 5}}}}",
            "targets.w.checks.disk.type",
            "there is no check of type `5`",
        ),
        ("targets: {w: {checks: {disk: {}}, supervisor: {}}}", "targets.w.supervisor.command", "is missing"),
        ("discord: {guild: here, ops_channel: 2}", "discord.guild", "whole number, not `here`"),
        ("discord: {guild: 1}", "discord.ops_channel", "is missing"),
        (
            "discord: {guild: 1, ops_channel: 2, roles: {admin: '@everyone'}}",
            "discord.roles.admin",
            "whole number",
        ),
        ("notifications: {log: 5}", "notifications.log", "must hold keys with values"),
        ("notifications: {ops_channel: {type: log}}", "notifications.ops_channel", "choose another name"),
        (
            "notifications: {log: {alert_levels: [bad]}}",
            "notifications.log.alert_levels[0]",
            "'info', 'warning' or 'critical'",
        ),
        ("version: '2'", "version", 'must be "1.0"'),
        ("builtin_rules: 5", "builtin_rules", "must be true or false"),
    ],
)
def test_a_wrong_value_is_told_with_what_it_must_be(text: str, key: str, words: str) -> None:
    found = problem(text)
    assert found.key == key
    assert words in found.message
    assert found.line == 1


@pytest.mark.parametrize(
    ("condition", "column", "words"),
    [
        ("memry > 5", 16, "did you mean `memory`?"),
        ("cpu > thresholds.cpu_usge.critical", 22, "did you mean `thresholds.cpu_usage.critical`?"),
        ("cpu > 5 and (memory > 6", 38, "`)` is missing"),
        ("memory > 101", 23, "is never true"),
    ],
)
def test_a_mistake_in_a_condition_is_told_at_its_column(condition: str, column: int, words: str) -> None:
    found = problem(f"rules:\n  - name: mine\n    condition: {condition}\n")
    assert (found.line, found.key) == (3, "rules[0].condition")
    assert words in found.message
    assert found.column == column


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("{cpuu} %", "did you mean {cpu}"),
        ("{0.__class__}", "is not a field"),
        ("{cpu.real}", "is not a field"),
        ("100 % {", "a single '{'"),
    ],
)
def test_a_message_has_known_fields_only(message: str, words: str) -> None:
    found = problem(f"rules: [{{name: x, condition: cpu > 5, message: '{message}'}}]")
    assert found.key == "rules[0].message"
    assert words in found.message


def test_limits_that_are_out_of_order_are_refused() -> None:
    assert "must be above" in problem("thresholds: {cpu_usage: {warning: 90, critical: 80}}").message
    assert "must be below" in problem("thresholds: {success_rate: {warning: 90, critical: 95}}").message
    assert "recovery" in problem("thresholds: {cpu_usage: {critical_recovery: 90}}").message


def test_one_limit_alone_takes_the_other_along() -> None:
    assert made("thresholds: {cpu_usage: {warning: 95}}")
    assert made("thresholds: {success_rate: {critical: 99}}")


def test_all_mistakes_are_told_at_once_in_the_files_order() -> None:
    text = (
        TARGET.replace("url:", "ur1:")
        + """
thresholds:
  cpu_usage: {critical: high}
rules:
  - name: one
    condition: memry > 5
  - name: two
    condition: cpu >
  - name: two
    condition: cpu > thresholds.memory_usage.wrning
notifications:
  slack: {webhook_url: "${NOT_SET}"}
colour: blue
"""
    )
    found = problems(text)
    assert [one.line for one in found] == sorted(one.line for one in found)
    assert [one.key for one in found] == [
        "targets.web.checks.health.url",
        "targets.web.checks.health.ur1",
        "thresholds.cpu_usage.critical",
        "rules[0].condition",
        "rules[1].condition",
        "rules[2].name",
        "rules[2].condition",
        "notifications.slack.webhook_url",
        "colour",
    ]


def test_a_wrong_check_does_not_make_its_metrics_unknown() -> None:
    text = TARGET.replace("url:", "ur1:") + "rules: [{name: x, condition: response_time > 5}]"
    assert {one.key for one in problems(text)} == {
        "targets.web.checks.health.url",
        "targets.web.checks.health.ur1",
    }


def test_a_metric_that_no_target_gives_names_the_check_to_add() -> None:
    found = problem(TARGET + "rules: [{name: x, condition: error_rate > 5}]")
    assert "check of type `log`" in found.message


def test_a_rule_for_an_unknown_target_is_a_mistake() -> None:
    found = problem(TARGET + "rules: [{name: x, condition: cpu > 5, targets: [wbe]}]")
    assert found.key == "rules[0].targets[0]"
    assert "did you mean `web`?" in found.message


def test_two_checks_that_give_the_same_metric_are_refused() -> None:
    text = TARGET + '      other: {type: http, url: "http://localhost/2"}\n'
    found = problem(text)
    assert found.key == "targets.web.checks.other"
    assert "`prefix`" in found.message


def _told(file: Path) -> list[str]:
    try:
        load(file, GUIDE_ENVIRON, packages=PACKAGES)
    except ConfigError as error:
        return [str(one) for one in error.problems]
    return []


def test_a_half_written_file_is_refused_in_sentences_or_complete(tmp_path: Path) -> None:
    text = ALERT_CONFIG.read_text()
    file = tmp_path / "opsbot.yml"
    told = []
    for end in range(0, len(text), 97):
        file.write_text(text[:end])
        told += _told(file)
    assert len(told) > 10
    assert not any("\n" in one or "Traceback" in one for one in told)


def test_a_file_that_is_not_there_or_a_directory_is_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.yml", tmp_path):
        with pytest.raises(ConfigError) as caught:
            load(path, {}, packages=PACKAGES)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_a_problem_reads_as_place_key_and_sentence() -> None:
    assert str(problem("colour: blue")).startswith("opsbot.yml:1:1: colour: is not a known key: ")
