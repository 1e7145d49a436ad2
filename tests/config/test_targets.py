"""Targets of a file: checks, supervisor, restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.domain.target import CheckSpec
from tests.config.kit import made, problem, rules_of


def check(text: str, name: str) -> CheckSpec:
    return next(spec for spec in made(text).targets[0].checks if spec.name == name)


def test_a_checks_type_is_its_name_unless_it_says_another() -> None:
    text = "targets: {a: {checks: {disk: {}, root: {type: port, port: 80}, process: null}}}"
    assert [(spec.name, spec.kind) for spec in made(text).targets[0].checks] == [
        ("disk", "disk"),
        ("root", "port"),
        ("process", "process"),
    ]


def test_a_check_may_say_its_own_interval_and_timeout() -> None:
    spec = check("targets: {a: {checks: {disk: {interval_seconds: 5, timeout_seconds: 2}}}}", "disk")
    assert (spec.interval, spec.timeout) == (5, 2)


@pytest.mark.parametrize(
    ("kind", "options", "seconds"),
    [
        ("process", "", 30),
        ("port", "port: 1", 60),
        ("log", "path: x", 5),
        ("gateway", "path: x", 15),
        ("disk", "", 3600),
    ],
)
def test_other_checks_look_as_often_as_their_schedule(kind: str, options: str, seconds: float) -> None:
    assert check(f"targets: {{a: {{checks: {{{kind}: {{{options}}}}}}}}}", kind).interval == seconds


def test_a_faster_schedule_makes_quick_checks_faster_too() -> None:
    text = "{schedules: {health_check: {interval_seconds: 2}}, targets: {a: {checks: {log: {path: x}}}}}"
    assert check(text, "log").interval == 2


def test_checks_of_a_schedule_that_is_off_are_left_out_with_their_rules() -> None:
    text = """
    schedules: {performance_metrics: {enabled: false}}
    targets: {a: {checks: {process: {}, disk: {}}}}
    rules: [{name: mine, condition: cpu > 5}]
    """
    loaded = made(text)
    assert [spec.name for spec in loaded.targets[0].checks] == ["disk"]
    assert set(rules_of(loaded, "a")) == {"disk_space_low", "disk_space_critical"}
    assert loaded.notices == ("rule mine is off: the schedule of process is switched off.",)


def test_options_are_validated_by_the_checks_own_module() -> None:
    found = problem("targets:\n  a:\n    checks:\n      api:\n        type: http\n        url: ftp://x\n")
    assert (found.line, found.column, found.key) == (6, 14, "targets.a.checks.api.url")


def test_relative_paths_begin_where_opsbot_runs_or_at_base_dir(tmp_path: Path) -> None:
    text = "targets: {a: {checks: {log: {path: bot.log}, gateway: {path: /var/log/x}}}}"
    assert check(text, "log").options.path == Path.cwd() / "bot.log"
    rooted = f"{{base_dir: {tmp_path}, {text}}}"
    assert check(rooted, "log").options.path == tmp_path / "bot.log"
    assert check(rooted, "gateway").options.path == Path("/var/log/x")


def test_a_supervisor_runs_its_command_in_base_dir_unless_it_says_another(tmp_path: Path) -> None:
    text = "targets: {a: {checks: {disk: {}}, supervisor: {command: [run]}}}"
    supervisor = made(f"{{base_dir: {tmp_path}, {text}}}").targets[0].supervisor
    assert supervisor is not None
    assert (supervisor.kind, supervisor.options.command, supervisor.options.cwd) == (
        "process",
        ("run",),
        tmp_path,
    )


def test_a_target_without_a_supervisor_is_only_watched() -> None:
    target = made("targets: {a: {title: The web, labels: {team: x}, checks: {disk: {}}}}").targets[0]
    assert target.supervisor is None
    assert (target.title, target.labels) == ("The web", {"team": "x"})


def test_a_targets_own_restart_section_wins() -> None:
    text = """
    actions: {restart: {backoff_seconds: 60, max_attempts: 5}}
    thresholds: {process_down: {max_restarts_per_hour: 4}}
    targets:
      a: {checks: {disk: {}}}
      b:
        checks: {disk: {}}
        restart: {max_per_hour: 9, backoff_seconds: 400, enabled: false, never_codes: [3]}
    """
    a, b = (target.restart for target in made(text).targets)
    assert (a.enabled, a.max_per_hour, a.backoff_first, a.backoff_max) == (True, 4, 60, 300)
    assert (b.enabled, b.max_per_hour, b.backoff_first, b.backoff_max) == (False, 9, 400, 400)
    assert (set(a.never_codes), set(b.never_codes)) == ({78}, {3})


def test_the_health_check_has_its_timeout_from_the_thresholds() -> None:
    text = """
    thresholds: {api_health: {timeout_seconds: 4, check_interval_seconds: 7}}
    targets: {a: {checks: {health: {type: http, url: "http://localhost/"}}}}
    """
    spec = check(text, "health")
    assert spec.interval == 7
    assert spec.timeout > 4


def test_a_command_that_looks_once_finds_the_process_as_the_supervisor_would_start_it() -> None:
    text = "targets: {a: {checks: {process: {}, disk: {}}, supervisor: {command: [run, it], cwd: /srv}}}"
    looked = made(text, watch_only=True).targets[0]
    assert looked.checks[0].options.command == ["run", "it"]
    assert looked.checks[0].options.cwd == Path("/srv")
    assert looked.supervisor is None
    assert looked.rules == ()
    assert check(text, "process").options.command is None


def test_a_process_that_is_described_already_is_left_so() -> None:
    text = "targets: {a: {checks: {process: {pid_file: /run/x.pid}}, supervisor: {command: [run]}}}"
    assert made(text, watch_only=True).targets[0].checks[0].options.command is None


def test_the_log_and_the_disk_have_their_limits_from_the_thresholds() -> None:
    text = """
    thresholds: {log_size: {warning: 7}}
    schedules: {disk_space: {threshold_gb: 9}}
    targets: {a: {checks: {log: {path: x}, disk: {}}}}
    """
    log, disk = made(text).targets[0].checks
    assert (log.options.warning_mb, disk.options.warning_gb) == (7, 9)


def test_a_supervised_target_is_always_watched_by_its_process() -> None:
    text = "targets: {a: {supervisor: {type: process, command: [sleep, '9']}, checks: {disk: {}}}}"
    assert [spec.kind for spec in made(text).targets[0].checks] == ["process", "disk"]
    assert "bot_process_down" in rules_of(made(text), "a")
