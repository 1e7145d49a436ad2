"""Checks of the kind `heartbeat` in a configuration, and the dead man's switch."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import SecretStr

from opsbot.config.diff import compare
from opsbot.config.load import settings
from opsbot.config.settings import Settings, SwitchSettings
from opsbot.config.yaml_loader import load_text
from opsbot.domain.levels import Priority
from opsbot.errors import ConfigError, Problem

ENVIRON = {
    "ONE": "first-secret-of-all",
    "TWO": "second-secret-of-all",
    "SHORT": "short",
    "PING": "https://hc-ping.com/0f1e2d3c-aaaa-bbbb-cccc-0123456789ab",
    "PLAIN": "http://kuma.example/api/push/abcdefgh",
    "META": "http://169.254.169.254/latest",
    "FILE": "file:///etc/passwd",
}
ONE = "one: {type: heartbeat, secret: '${ONE}', every: 1h}"
TWO = "two: {type: heartbeat, secret: '${TWO}', every: 5m, grace: 90s, prefix: two}"


def made(text: str, *, watch_only: bool = False) -> Settings:
    """With opsbot's own checks."""
    return settings(load_text(dedent(text), "opsbot.yml"), None, ENVIRON, watch_only=watch_only)


def text(*checks: str, rest: str = "web: {}") -> str:
    return "targets:\n  bot:\n    checks:\n" + "".join(f"      {check}\n" for check in checks) + rest + "\n"


def problem(given: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        made(given)
    (found,) = caught.value.problems
    return found


def test_absence_is_an_alert_without_any_rule_of_ones_own() -> None:
    found = made(text(ONE, TWO))
    (target,) = found.targets
    assert [(rule.name, rule.priority) for rule in target.rules] == [
        ("one_missing", Priority.P2),
        ("two_missing", Priority.P2),
    ]
    assert [rule.reads for rule in target.rules] == [{"one"}, {"two"}]
    assert [spec.interval for spec in target.checks] == [5.0, 5.0]
    assert not target.networked
    assert {SecretStr(ENVIRON["ONE"]), SecretStr(ENVIRON["TWO"])} <= set(found.secrets)


def test_one_that_may_come_from_elsewhere_says_nothing_while_opsbot_is_cut_off() -> None:
    found = made(text(ONE, rest="web: {listen: '0.0.0.0:9464'}"))
    assert found.targets[0].networked


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a-secret-in-a-file\n")
    file.chmod(0o600)
    found = made(text(f"one: {{type: heartbeat, secret_file: {file}, every: 1h}}"))
    assert found.targets[0].checks[0].options.secret == SecretStr("a-secret-in-a-file")
    file.chmod(0o644)
    assert "600" in problem(text(f"one: {{type: heartbeat, secret_file: {file}, every: 1h}}")).message


def test_without_the_section_web_it_is_refused_with_the_remedy() -> None:
    found = problem(text(ONE, rest=""))
    assert found.key == "targets.bot.checks.one"
    assert "without the section `web`: add `web: {}`" in found.message
    assert len(made(text(ONE, rest=""), watch_only=True).targets) == 1


@pytest.mark.parametrize(
    ("check", "key", "words"),
    [
        (ONE.replace("${ONE}", "first-secret-of-all"), "secret", "does not belong into this file"),
        (ONE.replace("${ONE}", "${SHORT}"), "secret", "must be 16 to 128 letters"),
        ("one: {type: heartbeat, every: 1h}", "secret", "is missing"),
        ("one: {type: heartbeat, secret: '${ONE}'}", "every", "is missing"),
        (ONE.replace("1h", "hourly"), "every", "must be a time such as"),
        (ONE.replace("1h", "1"), "every", "must be at least 5"),
    ],
)
def test_mistakes_are_one_sentence_at_their_key(check: str, key: str, words: str) -> None:
    found = problem(text(check))
    assert found.key == f"targets.bot.checks.one.{key}"
    assert words in found.message
    assert "first-secret-of-all" not in found.message


def test_each_has_a_secret_of_its_own_and_several_need_a_prefix() -> None:
    found = problem(text(ONE, TWO.replace("${TWO}", "${ONE}")))
    assert found.key == "targets.bot.checks.two.secret"
    assert "is that of `bot.checks.one` too" in found.message
    assert "give one of them another `prefix`" in problem(text(ONE, TWO.replace(", prefix: two", ""))).message


def test_a_rule_of_ones_own_may_name_it_and_take_the_built_in_ones_place() -> None:
    rule = "rules: [{name: one_missing, condition: one_missing, for_seconds: 600, severity: info}]"
    first, second = made(text(ONE, TWO, rest=f"web: {{}}\n{rule}")).targets[0].rules
    assert (first.name, second.name) == ("two_missing", "one_missing")
    assert second.hold_seconds == 600
    wrong = problem(text(ONE, rest="web: {}\nrules: [{name: x, condition: one_missing and three_missing}]"))
    assert "needs a check `three` of type `heartbeat`" in wrong.message


def test_a_target_without_it_has_no_such_rule() -> None:
    other = "  other: {checks: {disk: {}}}\nweb: {}"
    found = made(text("one-a: {type: heartbeat, secret: '${ONE}', every: 1h}", rest=other))
    assert [rule.name for rule in found.targets[0].rules] == ["one-a_missing"]
    assert {rule.name for rule in found.targets[1].rules} == {"disk_space_low", "disk_space_critical"}


# -- the dead man's switch


def test_without_the_section_nothing_is_pinged() -> None:
    assert made("").dead_mans_switch == made("dead_mans_switch:\n").dead_mans_switch == SwitchSettings()


def test_the_address_is_a_secret_that_no_target_gets() -> None:
    found = made("dead_mans_switch: {url: '${PING}', every: 5m}")
    assert found.dead_mans_switch == SwitchSettings(SecretStr(ENVIRON["PING"]), 300.0)
    assert SecretStr(ENVIRON["PING"]) in found.secrets
    assert "PING" in found.hidden_env
    assert found.notices == ()


def test_an_address_without_encryption_is_remarked() -> None:
    (remark,) = made("dead_mans_switch: {url: '${PLAIN}'}").notices
    assert "unencrypted" in remark
    assert "abcdefgh" not in remark


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("{url: 'https://hc-ping.com/x'}", "url", "is a secret and does not belong into this file"),
        ("{url: '${META}'}", "url", "does not connect there"),
        ("{url: '${FILE}'}", "url", "only http:// and https://"),
        ("{every: 60s}", "url", "is missing"),
        ("{url: '${PING}', every: 1s}", "every", "from ten seconds"),
        ("{url: '${PING}', evry: 1s}", "evry", "did you mean `every`?"),
        ("{url: '${UNSET}'}", "url", "UNSET"),
        ("{url_file: /no/such/file}", "url_file", "cannot be read"),
    ],
)
def test_bad_input_is_one_sentence_at_its_place(section: str, key: str, words: str) -> None:
    found = problem(f"dead_mans_switch: {section}")
    assert found.key == f"dead_mans_switch.{key}"
    assert words in found.message
    assert made(f"dead_mans_switch: {section}", watch_only=True).dead_mans_switch == SwitchSettings()


def test_a_reload_says_what_changes_and_never_the_address() -> None:
    old = made("dead_mans_switch: {url: '${PING}'}")
    new = made("dead_mans_switch: {url: '${PLAIN}', every: 2m}")
    assert compare(old, new).changes == (
        "dead_mans_switch.url: changed",
        "dead_mans_switch.every: 60 → 120",
    )
