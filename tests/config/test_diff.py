"""What a changed file is told to change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from opsbot.config.consequences import consequences
from opsbot.config.diff import Diff, compare, effective
from opsbot.config.load import load
from opsbot.config.settings import Settings
from opsbot.domain.moment import Moment
from opsbot.domain.process import ProcessId, Running

TEXT = """\
version: "1.0"
discord:
  guild: 1
  ops_channel: 2
  roles: {viewer: 3, operator: 4, admin: 5}
targets:
  web:
    title: Web
    supervisor: {type: process, command: [python3, -m, web], env: {PASSWORD: hunter22}}
    checks:
      health: {type: http, url: "http://127.0.0.1:1/health", interval_seconds: 30}
builtin_rules: false
thresholds:
  response_time: {warning: 2000, critical: 5000}
rules:
  - name: slow
    condition: response_time > thresholds.response_time.warning
    severity: warning
    message: Slow.
notifications:
  log: {type: log, file_path: alerts.log}
"""
ENVIRON = {"OPSBOT_DISCORD_TOKEN": "a.bot.token", "HOOK": "https://example.com/secret/one"}
RUNNING = Running(ProcessId("boot", 123, 1), Moment(0.0, 0.0), 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "opsbot.yml"
    made.write_text(TEXT)
    return made


def read(file: Path, text: str, **environ: str) -> Settings:
    file.write_text(dedent(text))
    return load(file, {**ENVIRON, **environ})


def after(file: Path, *edits: tuple[str, str]) -> tuple[Settings, Settings, Diff]:
    text = TEXT
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    before, now = read(file, TEXT), read(file, text)
    return before, now, compare(before, now)


def told(file: Path, *edits: tuple[str, str], running: tuple[str, ...] = ("web",)) -> str:
    before, now, diff = after(file, *edits)
    return "\n".join(consequences(before, now, diff, dict.fromkeys(running, RUNNING)))


def test_comments_order_and_spelling_change_nothing(file: Path) -> None:
    text = TEXT.replace("title: Web\n", "# the shop\n    title: 'Web'\n").replace("30}", "30.0}")
    before = read(file, TEXT)
    assert compare(before, read(file, text)) == Diff()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "warning: 2000",
            "warning: 1500",
            "target web: rule slow: condition: response_time > 2,000ms → response_time > 1,500ms",
        ),
        ("interval_seconds: 30", "interval_seconds: 10", "target web: check health: interval: 30 → 10"),
        (
            "1/health",
            "1/live",
            "target web: check health: url: `http://127.0.0.1:1/health` → `http://127.0.0.1:1/live`",
        ),
        ("title: Web", "title: Shop", "target web: title: `Web` → `Shop`"),
        ("severity: warning", "severity: critical", "target web: rule slow: severity: warning → critical"),
        (
            "-m, web]",
            "-m, shop]",
            "target web: supervisor: command: `python3` `-m` `web` → `python3` `-m` `shop`",
        ),
        ("hunter22", "hunter33", "target web: supervisor: env.PASSWORD: changed"),
        ("operator: 4", "operator: 44", "discord: roles.operators: 4 → 44"),
        ("ops_channel: 2", "ops_channel: 22", "notifier ops_channel: channel_id: 2 → 22"),
        ("file_path: alerts.log", "enabled: false", "notifier log: removed or off"),
        (
            "    title: Web\n",
            "    title: Web\n    restart: {max_per_hour: 5}\n",
            "target web: restart.max_per_hour: 3 → 5",
        ),
    ],
)
def test_a_change_is_told_with_its_place_and_both_values(file: Path, old: str, new: str, said: str) -> None:
    *_, diff = after(file, (old, new))
    assert said in diff.changes
    assert diff.later == ()


def test_a_secret_is_never_shown(file: Path) -> None:
    hook = "notifications:\n  hook: {type: webhook, url: '${HOOK}', secret: '${KEY}'}\n"
    text = TEXT.replace("notifications:\n", hook)
    before = read(file, text, KEY="first-secret-word")
    diff = compare(
        before, read(file, text, KEY="second-secret-word", OPSBOT_DISCORD_TOKEN="another.bot.token")
    )
    assert "notifier hook: secret: changed" in diff.changes
    assert diff.later == ("discord.token: changed: takes effect when opsbot is started anew",)
    assert not any("secret-word" in line or "token." in line for line in diff.changes)


def test_what_needs_a_new_start_waits_and_the_rest_does_not(file: Path) -> None:
    before, now, diff = after(
        file, ("guild: 1", "guild: 11"), ("title: Web", "title: Shop"), ('"1.0"', '"1.0"\nstate_dir: other')
    )
    assert diff.changes == ("target web: title: `Web` → `Shop`",)
    assert [line.split(":")[0] for line in diff.later] == ["state_dir", "discord.guild"]
    kept = effective(before, now)
    assert (kept.state_dir, kept.discord, kept.access) == (before.state_dir, before.discord, before.access)
    assert compare(before, kept).later == ()


def test_one_service_under_another_name_is_a_rename(file: Path) -> None:
    _, _, diff = after(file, ("  web:\n", "  shop:\n"), ("title: Web", "title: Shop"))
    assert diff.renamed == {"web": "shop"}
    assert (diff.added, diff.removed) == ((), ())
    assert diff.changes == ("target web is renamed: web → shop", "target shop: title: `Web` → `Shop`")
    assert "web is called shop now: its process (pid 123) runs on" in told(file, ("  web:\n", "  shop:\n"))


def test_a_renamed_target_with_other_variables_runs_on_as_it_was_started(file: Path) -> None:
    edits = (("  web:\n", "  shop:\n"), ("hunter22", "hunter33"))
    _, _, diff = after(file, *edits)
    assert (diff.renamed, diff.changed) == ({"web": "shop"}, ("shop",))
    assert "shop: pid 123 runs on as it was started" in told(file, *edits)


def test_what_may_be_a_rename_is_asked(file: Path) -> None:
    edits = (("  web:\n", "  shop:\n"), ("-m, web]", "-m, shop]"))
    _, _, diff = after(file, *edits)
    assert diff.renamed == {}
    assert (diff.added, diff.removed) == (("shop",), ("web",))
    text = told(file, *edits)
    assert "web is no longer watched; its process (pid 123) runs on and is not touched" in text
    assert "/adopt shop" in text


def test_two_that_could_be_meant_are_no_rename(file: Path) -> None:
    before, now, _ = after(file, ("  web:\n", "  shop:\n"))
    (shop,) = now.targets
    two = replace(now, targets=(shop, replace(shop, name="kiosk")))
    assert compare(before, two).renamed == {}
    assert compare(two, before).renamed == {}


def test_a_changed_command_takes_effect_at_the_next_restart(file: Path) -> None:
    edit = ("-m, web]", "-m, web, --fast]")
    assert "pid 123 runs on as it was started" in told(file, edit)
    assert told(file, edit, running=()) == ""


def test_another_supervisor_starts_nothing_beside_what_runs(file: Path) -> None:
    old = "{type: process, command: [python3, -m, web], env: {PASSWORD: hunter22}}"
    text = told(file, (old, "{type: systemd, unit: web.service}"))
    assert "pid 123, which opsbot started, runs on and is not touched" in text
    assert "Systemd starts nothing until it has ended" in text


def test_a_target_that_loses_its_supervisor_runs_on(file: Path) -> None:
    old = "    supervisor: {type: process, command: [python3, -m, web], env: {PASSWORD: hunter22}}\n"
    assert "only watched from now on" in told(file, (old, ""))
