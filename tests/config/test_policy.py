"""What may restart a target, how often, and after whom: said in the file, or refused there."""

from __future__ import annotations

import pytest

from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.restarts import most_in_an_hour
from tests.config.kit import made, problem, rules_of

TARGET = """
targets:
  bot:
    supervisor: {type: process, command: [sleep, "1"]}
    checks:
      process: {}
      health: {type: http, url: "http://localhost:5000/health"}
      gateway: {path: bot.log}
      sockets: {}
      log: {path: bot.log}
      openrouter: {type: upstream, path: bot.log}
"""


UNGUARDED = "outages: {enabled: false}\n"


def action(condition: str, restart: str = "", more: str = "") -> ActionKind:
    """What an own rule with `action: restart` comes to."""
    policy = f"    restart: {restart}\n" if restart else ""
    rule = f"rules: [{{name: mine, condition: '{condition}', action: restart}}]"
    return rules_of(made(f"{TARGET}{policy}{more}{rule}"), "bot")["mine"].action


@pytest.mark.parametrize(
    "condition",
    [
        "process_not_running",
        "health_check_failed",
        "memory > 90%",
        "gateway_lost and health_check_failed",
        "health_check_failed and not process_not_running",
        "log_failed",
        "no_gateway_heartbeat_for_60s",
        "gateway_lost or process_not_running",
        "sockets_failed",
    ],
)
def test_death_failing_health_own_numbers_and_a_lost_gateway_restart(condition: str) -> None:
    assert action(condition) is ActionKind.RESTART


@pytest.mark.parametrize(
    ("condition", "cause"),
    [
        ("openrouter_failed", "dependency"),
        ("openrouter_errors > 50", "dependency"),
        ("health_degraded", "degraded"),
        ("openrouter_failed or gateway_lost", "dependency"),
    ],
)
def test_what_a_restart_may_not_mend_only_alerts_unless_it_is_listed(condition: str, cause: str) -> None:
    assert action(condition) is ActionKind.INVESTIGATE
    assert action(condition, f"{{causes: [died, gateway_lost, {cause}]}}") is ActionKind.RESTART


@pytest.mark.parametrize(
    ("condition", "cause"),
    [
        ("no_gateway_heartbeat_for_60s", "gateway_lost"),
        ("gateway_lost or process_not_running", "gateway_lost"),
        ("sockets_failed", "zombie_sockets"),
    ],
)
def test_a_lost_gateway_restarts_nothing_where_nobody_asks_how_discord_is_unless_it_is_listed(
    condition: str, cause: str
) -> None:
    assert action(condition, more=UNGUARDED) is ActionKind.INVESTIGATE
    assert action(condition, f"{{causes: [died, {cause}]}}", UNGUARDED) is ActionKind.RESTART


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        ("gateway_lost", True),
        ("sockets_failed", True),
        ("gateway_lost or process_not_running", True),
        ("openrouter_failed and gateway_lost", True),
        ("gateway_lost and health_check_failed", False),
        ("process_not_running", False),
        ("memory > 90%", False),
    ],
)
def test_only_what_a_lost_gateway_alone_decides_waits_for_discord(condition: str, held: bool) -> None:
    rule = f"rules: [{{name: mine, condition: '{condition}', action: restart}}]"
    assert rules_of(made(f"{TARGET}{rule}"), "bot")["mine"].by_gateway is held


def test_causes_can_be_fewer_than_usual() -> None:
    assert action("memory > 90%", "{causes: [died]}") is ActionKind.INVESTIGATE
    assert action("health_check_failed", "{causes: [died]}") is ActionKind.INVESTIGATE
    built_in = rules_of(made(f"{TARGET}    restart: {{causes: [died]}}\n"), "bot")
    assert built_in["api_health_failure"].action is ActionKind.INVESTIGATE
    assert built_in["bot_process_down"].action is ActionKind.RESTART


def test_a_rule_that_only_alerts_says_why_and_what_would_change_it() -> None:
    loaded = made(f"{TARGET}{UNGUARDED}rules: [{{name: mine, condition: gateway_lost, action: restart}}]")
    said = [notice for notice in loaded.notices if "rule mine" in notice]
    assert "may be Discord's outage" in said[0]
    assert "`restart.causes` can list `gateway_lost`" in said[0]


def test_an_unknown_cause_is_refused_with_the_right_names() -> None:
    found = problem(f"{TARGET}    restart: {{causes: [dead]}}\n")
    assert found.key == "targets.bot.restart.causes[0]"
    assert "died" in found.message


@pytest.mark.parametrize(
    ("restart", "key", "words"),
    [
        ("{max_per_hour: 100}", "max_per_hour", "at most 44"),
        ("{backoff_seconds: 3600, healthy_reset_seconds: 7200}", "backoff_seconds", "at most 1 "),
        ("{backoff_max_seconds: 600}", "backoff_max_seconds", "would count as the 600 s of health"),
        (
            "{healthy_reset_seconds: 10, backoff_seconds: 20}",
            "backoff_seconds",
            "greater than the longest wait",
        ),
    ],
)
def test_a_limit_that_can_never_be_reached_is_refused(restart: str, key: str, words: str) -> None:
    found = problem(f"{TARGET}    restart: {restart}\n")
    assert found.key == f"targets.bot.restart.{key}"
    assert words in found.message


def test_a_limit_of_all_targets_that_can_never_be_reached_is_refused_where_it_stands() -> None:
    text = (
        "actions: {restart: {max_attempts: 500}}\nthresholds: {process_down: {max_restarts_per_hour: 600}}\n"
    )
    found = problem(TARGET + text)
    assert found.key == "actions.restart.max_attempts"


def test_a_short_time_of_health_shortens_the_longest_wait_that_nobody_named() -> None:
    policy = made(f"{TARGET}    restart: {{healthy_reset_seconds: 30}}\n").targets[0].restart
    assert (policy.backoff_max, policy.healthy_reset) == (27.0, 30.0)


@pytest.mark.parametrize(("wait", "most"), [(1.0, 1000), (300.0, 12), (590.0, 7)])
def test_the_most_that_fits_into_an_hour_counts_stretches_of_health(wait: float, most: int) -> None:
    policy = RestartPolicy(max_per_hour=1000, backoff_first=wait, backoff_max=wait, healthy_reset=600.0)
    assert most_in_an_hour(policy) == most


def test_a_target_may_depend_on_others() -> None:
    text = f"{TARGET}    depends_on: [db]\n  db: {{checks: {{port: {{port: 5432}}}}}}\n"
    assert [t.depends_on for t in made(text).targets] == [("db",), ()]


@pytest.mark.parametrize(
    ("parents", "words"),
    [
        ({"bot": "[dbb]", "db": "[]"}, "did you mean `db`?"),
        ({"bot": "[bot]", "db": "[]"}, "wait for itself"),
    ],
)
def test_a_parent_that_cannot_be_is_refused(parents: dict[str, str], words: str) -> None:
    text = f"{TARGET}    depends_on: {parents['bot']}\n"
    text += f"  db: {{checks: {{port: {{port: 5432}}}}, depends_on: {parents['db']}}}\n"
    found = problem(text)
    assert found.key == "targets.bot.depends_on[0]"
    assert words in found.message
