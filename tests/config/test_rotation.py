"""Which log of a target is rotated, when, and how: said in the file, or as the guide has it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from opsbot.domain.rotation import RotationPolicy
from tests.config.kit import made, problem

SUPERVISED = "    supervisor: {type: process, command: [sleep, '1']}\n"
CHECKS = "    checks: {process: {}, log: {path: logs/bot.log}}\n"


def policy(target: str, rest: str = "") -> RotationPolicy:
    found = made(f"targets:\n  bot:\n{target}{rest}").targets[0].rotation
    assert found is not None
    return found


def test_a_log_that_a_check_reads_is_the_log() -> None:
    assert policy(SUPERVISED + CHECKS).log.path == Path.cwd() / "logs/bot.log"


def test_a_target_that_is_only_watched_is_not_rotated_unless_somebody_says_so() -> None:
    assert not policy(CHECKS).enabled
    assert policy(f"{CHECKS}    rotate: {{enabled: true}}\n").enabled


@pytest.mark.parametrize(
    "rest",
    [
        "actions: {rotate_logs: {enabled: false}}",
        "schedules: {log_rotation: {enabled: false}}",
    ],
)
def test_rotation_can_be_switched_off_for_all(rest: str) -> None:
    assert not policy(SUPERVISED + CHECKS, rest).enabled


def test_a_target_says_its_own() -> None:
    own = "{path: other.log, max_size_mb: 5, keep: 3, max_age_days: 2, archive_dir: old, cron: '0 2 * * *', "
    own += "watched: true, reopen_signal: usr1, foreign: true}"
    found = policy(f"{SUPERVISED}{CHECKS}    rotate: {own}\n")
    log = found.log
    assert (log.path, log.archive_dir) == (Path.cwd() / "other.log", Path.cwd() / "old")
    assert (found.min_bytes, log.keep, log.max_age) == (5 * 2**20, 3, 2 * 86400)
    assert (found.cron, log.watched, log.reopen_signal, log.foreign) == (
        "0 2 * * *",
        True,
        signal.SIGUSR1,
        True,
    )


def test_archives_of_a_log_elsewhere_lie_beside_it() -> None:
    elsewhere = "    checks: {log: {path: /srv/bot/bot.log}}\n"
    assert policy(elsewhere).log.archive_dir == Path("/srv/bot/archive")
    named = policy(elsewhere, "retention: {logs: {path: /var/archive}}")
    assert named.log.archive_dir == Path("/var/archive")


def test_the_times_of_all_logs_stand_in_the_schedule() -> None:
    rest = "schedules: {log_rotation: {interval_seconds: 60, cron: '*/30 * * * *'}}"
    found = policy(SUPERVISED + CHECKS, rest)
    assert (found.cron, found.interval) == ("*/30 * * * *", 60)


@pytest.mark.parametrize(
    ("own", "key", "words"),
    [
        ("{cron: '0 25 * * *'}", "cron", "Bad hour"),
        ("{cron: '0 0 30 2 *'}", "cron", ""),
        ("{cron: daily}", "cron", "five fields"),
        ("{reopen_signal: kill}", "reopen_signal", "use SIGHUP, SIGUSR1 or SIGUSR2"),
        ("{reopen_signal: nonsense}", "reopen_signal", "use SIGHUP, SIGUSR1 or SIGUSR2"),
    ],
)
def test_a_wrong_time_or_signal_is_refused(own: str, key: str, words: str) -> None:
    found = problem(f"targets:\n  bot:\n{SUPERVISED}{CHECKS}    rotate: {own}\n")
    assert found.key == f"targets.bot.rotate.{key}"
    assert words in found.message


def test_two_targets_with_logs_of_one_name_have_archives_of_two_names() -> None:
    text = "targets:\n"
    for name in ("a", "b"):
        text += f"  {name}: {{checks: {{log: {{path: {name}/bot.log}}}}}}\n"
    names = [t.rotation.log.name for t in made(text).targets if t.rotation]
    assert names == ["a-bot", "b-bot"]


def test_a_target_without_a_log_has_none() -> None:
    assert made("targets: {bot: {checks: {port: {port: 5}}}}").targets[0].rotation is None
