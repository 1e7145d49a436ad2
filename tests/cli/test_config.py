"""`opsbot init`, `check-config`, `--help`, `--version`: what needs no service."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import opsbot as package
from opsbot.bot.inspection import INVITED
from tests.cli.commands import ROOT, Place, opsbot, sentence

BROKEN = """
version: "1.0"
tresholds: {}
targets:
  bot:
    checks:
      health: {type: htpp, url: "http://127.0.0.1:1/"}
rules:
  - {name: hot, condition: "cpoo > 5", severity: critical}
"""


def test_what_init_writes_is_a_configuration(tmp_path: Path) -> None:
    done = opsbot("init", cwd=tmp_path, OPSBOT_DISCORD_TOKEN="MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y")
    assert done.returncode == 0, done.stderr
    assert "client_id=123456789012345678&" in done.stdout
    assert "OPSBOT_DISCORD_TOKEN" in done.stdout
    checked = opsbot("check-config", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "config/opsbot.yml is fine" in checked.stdout


def test_both_invite_links_ask_for_the_same_permissions(tmp_path: Path) -> None:
    done = opsbot("init", cwd=tmp_path)
    assert f"permissions={INVITED.value}\n" in done.stdout
    assert "Application ID" in done.stdout, "where the id in the link is to be found"


def test_with_the_ids_filled_in_it_has_a_bot(tmp_path: Path) -> None:
    opsbot("init", "opsbot.yml", cwd=tmp_path)
    file = tmp_path / "opsbot.yml"
    lines = file.read_text().splitlines()
    start = lines.index("# discord:")
    end = next(n for n in range(start, len(lines)) if not lines[n].startswith("#"))
    lines[start:end] = [line.removeprefix("# ") for line in lines[start:end]]
    file.write_text("\n".join(lines))
    checked = opsbot("check-config", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "Discord: the bot's own channel" in checked.stdout


def test_init_overwrites_nothing_unless_told_to(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("mine")
    done = opsbot("init", "mine.yml", cwd=tmp_path)
    assert done.returncode == 2
    assert "--force" in sentence(done)
    assert (tmp_path / "mine.yml").read_text() == "mine"
    assert opsbot("init", "mine.yml", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "mine.yml").read_text() != "mine"


def test_everything_that_is_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "opsbot.yml").write_text(BROKEN)
    done = opsbot("check-config", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (78, "")
    problems = done.stderr.splitlines()
    assert len(problems) == 3, done.stderr
    assert "opsbot.yml:3:1" in problems[0]
    assert "thresholds" in problems[0]
    assert "http" in problems[1]
    assert "cpu" in problems[2]


@pytest.mark.parametrize("text", ["targets: [", "- a list", "\x00"])
def test_a_file_that_is_no_configuration_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "opsbot.yml").write_text(text)
    done = opsbot("check-config", cwd=tmp_path)
    assert done.returncode == 78
    assert "opsbot.yml" in done.stderr


def test_without_a_file_it_says_what_is_built_in(tmp_path: Path) -> None:
    done = opsbot("check-config", cwd=tmp_path)
    assert done.returncode == 0
    assert "Target summarybot (Summary Bot NG)" in done.stdout


def test_the_schema_is_for_editors(tmp_path: Path) -> None:
    done = opsbot("check-config", "--schema", cwd=tmp_path)
    schema = json.loads(done.stdout)
    assert {"discord", "targets", "rules"} <= set(schema["properties"])


def test_help_names_every_command(tmp_path: Path) -> None:
    text = opsbot("--help", cwd=tmp_path).stdout
    commands = ("run", "demo", "init", "check-config", "health", "restart", "pause", "resume")
    assert [name for name in commands if f"\n  {name} " not in text] == []
    assert text in opsbot(cwd=tmp_path).stderr


def test_in_a_narrow_terminal_each_commands_purpose_is_said_to_its_end(tmp_path: Path) -> None:
    for group in ("", "audit", "incidents", "logs", "maintenance", "notify", "silence"):
        text = opsbot(*group.split(), "--help", cwd=tmp_path, COLUMNS="80").stdout
        assert [line for line in text.partition("Commands:")[2].splitlines() if line.endswith("...")] == []


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert opsbot("--version", cwd=tmp_path).stdout == f"opsbot {package.__version__}\n"
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert list(scripts) == ["opsbot"]


@pytest.mark.parametrize("words", [["helth"], ["health", "--wach", "1"], ["pause", "--minutes", "soon"]])
def test_a_wrong_word_is_explained(tmp_path: Path, words: list[str]) -> None:
    done = opsbot(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[-1] in done.stderr or words[-2] in done.stderr


def test_a_folder_where_nothing_can_be_written_is_said(alone: Place) -> None:
    (alone.folder / "blocked").write_text("a file")
    done = opsbot("init", "blocked/opsbot.yml", cwd=alone.folder)
    assert done.returncode == 2
    assert "blocked/opsbot.yml cannot be written" in sentence(done)


REPAIRED = """
targets:
  bot:
    supervisor: {type: process, command: bot, log: /srv/bot/bot.log}
    depends_on: [db]
    restart: {max_per_hour: 2}
    rotate: {max_size_mb: 5, keep: 3, cron: "0 2 * * *"}
    checks: {port: {port: 5000}}
  db: {checks: {port: {port: 5432}, log: {path: /var/log/db.log}}}
"""


def test_what_opsbot_may_do_by_itself_is_said(tmp_path: Path) -> None:
    (tmp_path / "opsbot.yml").write_text(REPAIRED)
    said = opsbot("check-config", cwd=tmp_path).stdout
    assert "restarted: by itself at most 2 times an hour; not while one of these is down: db" in said
    archives = "3 archives kept in /srv/bot/archive"
    assert f"log: /srv/bot/bot.log, rotated from 5 MB and at `0 2 * * *`; {archives}" in said
    assert "log: /var/log/db.log, rotated only by people" in said


def test_whom_opsbot_asks_whether_it_is_cut_off_is_said(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text(REPAIRED)
    assert "Outages: not looked for" in opsbot("check-config", cwd=tmp_path).stdout
    file.write_text("targets: {bot: {checks: {gateway: {path: bot.log}}}}\noutages: {control: 'up.test:80'}")
    said = opsbot("check-config", cwd=tmp_path).stdout
    page = "https://discordstatus.com/api/v2/summary.json"
    assert f"Outages: asked every 60 s: Discord itself, up.test:80, discord.com, {page}" in said
    with file.open("a") as more:
        more.write("\noutages: {control: [], lookup: '', discord_status_url: ''}")
    file.write_text(file.read_text().replace("outages: {control: 'up.test:80'}", ""))
    assert "cannot tell its own outage from Discord's" in opsbot("check-config", cwd=tmp_path).stdout


def test_who_is_called_in_is_said(tmp_path: Path) -> None:
    (tmp_path / "opsbot.yml").write_text(
        "notifications:\n  log: {}\n  pager: {type: log, file_path: pager.log}\n"
        "  fallback: {notifiers: pager}\n  escalation: [{after_minutes: 15, notifiers: pager}]\n"
    )
    done = opsbot("check-config", "-c", "opsbot.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Notifiers: log (log)\n" in done.stdout
    assert "  when nobody was reached for 5 min: pager\n" in done.stdout
    assert "  P1 not acknowledged after 15 min: pager\n" in done.stdout
