"""What could never work in restarts, rotation and supervision is refused when the file is read."""

from __future__ import annotations

import pytest

from opsbot.config.load import settings
from opsbot.config.yaml_loader import load_text
from opsbot.errors import ConfigError, Problem
from tests.config.kit import made, problem

CHECKS = "checks: {log: {path: bot.log}}"


def target(section: str) -> str:
    return (
        f"targets:\n  bot:\n    supervisor: {{type: process, command: [bot]}}\n    {CHECKS}\n    {section}\n"
    )


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("rotate: {cron: '0 2 * * * *'}", "rotate.cron", "write five fields"),
        ("rotate: {cron: '@daily'}", "rotate.cron", "write five fields"),
        ("rotate: {reopen_signal: SIGSEGV}", "rotate.reopen_signal", "use SIGHUP, SIGUSR1 or SIGUSR2"),
        ("rotate: {reopen_signal: SIGTSTP}", "rotate.reopen_signal", "use SIGHUP, SIGUSR1 or SIGUSR2"),
        ("rotate: {path: ''}", "rotate.path", "must not be empty"),
        ("rotate: {archive_dir: ''}", "rotate.archive_dir", "must not be empty"),
        ("restart: {never_codes: [256]}", "restart.never_codes[0]", "at most 255"),
        ("restart: {never_codes: [-9]}", "restart.never_codes[0]", "at least 0"),
        (
            "restart: {backoff_seconds: 60, backoff_max_seconds: 10}",
            "restart.backoff_max_seconds",
            "shorter than the first",
        ),
    ],
)
def test_it_is_named_with_its_key_and_the_remedy(section: str, key: str, words: str) -> None:
    found = problem(target(section))
    assert found.key == f"targets.bot.{key}"
    assert words in found.message


def both(one: str, two: str) -> str:
    targets = {"one": one, "two": two}
    return "targets:\n" + "".join(
        f"  {name}:\n    supervisor: {supervisor}\n    {CHECKS}\n" for name, supervisor in targets.items()
    )


def real(text: str) -> list[Problem]:
    """What is wrong, with the supervisors that opsbot has."""
    try:
        settings(load_text(text, "opsbot.yml"), None, {})
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize(
    ("one", "two", "words"),
    [
        (
            "{type: process, command: run it, env: {PORT: '1'}}",
            "{type: process, command: [run, it], env: {PORT: '2'}}",
            "same command in the same folder",
        ),
        (
            "{type: process, command: run, adopt: never}",
            "{type: process, command: run}",
            "set `adopt: never` for both",
        ),
        ("{type: systemd, unit: bot.service}", "{type: systemd, unit: bot.service}", "make them one target"),
        ("{type: docker, container: bot}", "{type: docker, container: bot}", "make them one target"),
    ],
)
def test_two_targets_that_would_be_the_same_process_are_refused(one: str, two: str, words: str) -> None:
    (found,) = real(both(one, two))
    assert found.key == "targets.two.supervisor"
    assert found.message.startswith("target `one` ")
    assert words in found.message


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("{type: process, command: run --shard 1}", "{type: process, command: run --shard 2}"),
        ("{type: process, command: run, cwd: /srv/a}", "{type: process, command: run, cwd: /srv/b}"),
        ("{type: process, command: run, adopt: never}", "{type: process, command: run, adopt: never}"),
        ("{type: systemd, unit: a.service}", "{type: systemd, unit: a.service, scope: user}"),
        ("{type: process, command: run}", "{type: systemd, unit: a.service}"),
    ],
)
def test_two_targets_that_can_be_told_apart_are_fine(one: str, two: str) -> None:
    assert real(both(one, two)) == []


def test_a_log_that_two_targets_have_is_rotated_for_one_of_them_and_that_is_said() -> None:
    text = both("{type: process, command: [a]}", "{type: process, command: [b]}")
    loaded = made(text)
    assert [t.rotation.enabled for t in loaded.targets if t.rotation] == [True, False]
    assert any("two and one have the same log" in notice for notice in loaded.notices)


def test_of_a_watched_and_a_supervised_target_with_one_log_the_supervised_rotates_it() -> None:
    watched = f"targets:\n  one: {{{CHECKS}}}\n  two:\n    {CHECKS}\n"
    text = f"{watched}    supervisor: {{type: process, command: [b]}}\n"
    assert [t.rotation.enabled for t in made(text).targets if t.rotation] == [False, True]
