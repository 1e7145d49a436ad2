"""The runbooks that come with opsbot."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from opsbot.config.builtin_rules import built_in
from opsbot.domain.runbook import AskCheck, AskLog, AskMetric, AskPort, AskRestarts, Expect, Runbook
from opsbot.runbooks.directives import VERBS
from opsbot.runbooks.library import Library
from opsbot.runbooks.places import SHIPPED

ROOT = Path(__file__).parents[2]
BOOKS = Library().books()
RULES = [section.name for section in built_in(["openrouter"])]

FROM_THE_GUIDE = (
    "bot-not-responding",
    "summarization-failures",
    "high-memory",
    "port-in-use",
    "health-check-fails",
    "commands-do-not-work",
    "openrouter-errors",
    "high-cpu",
)


def test_they_stand_in_the_folder_of_configuration() -> None:
    assert ROOT / "config" / "runbooks" == SHIPPED


def test_an_installed_opsbot_and_the_image_have_them_too() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert built["force-include"] == {"config/runbooks": "opsbot/runbooks/shipped"}
    assert "COPY config/runbooks ./config/runbooks\n" in (ROOT / "Dockerfile").read_text()


def test_each_is_in_the_table_of_the_documentation() -> None:
    told = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    assert [name for name in BOOKS.runbooks if f"| `{name}` |" not in told] == []


def test_every_directive_is_in_the_table_of_the_documentation() -> None:
    told = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"| `opsbot: {verb}" not in told] == []


def test_none_has_a_mistake() -> None:
    assert BOOKS.mistakes == ()


@pytest.mark.parametrize("name", FROM_THE_GUIDE)
def test_every_scenario_and_trouble_of_the_guide_has_one(name: str) -> None:
    runbook = BOOKS.runbooks[name]
    assert runbook.summary
    assert any(step.ask for step in runbook.steps)
    assert any(step.ask is None for step in runbook.steps)


@pytest.mark.parametrize("runbook", BOOKS.runbooks.values(), ids=lambda runbook: runbook.name)
def test_the_rules_that_they_are_about_exist(runbook: Runbook) -> None:
    unknown = [p for p in runbook.applies_to if not any(fnmatchcase(rule, p) for rule in RULES)]
    assert unknown == []


@pytest.mark.parametrize(
    "rule",
    [
        "bot_process_down",
        "api_health_failure",
        "discord_gateway_disconnected",
        "high_cpu_usage",
        "high_memory_usage",
        "high_error_rate",
        "port_closed",
        "openrouter_success_rate_critical",
    ],
)
def test_the_guides_rules_have_a_runbook(rule: str) -> None:
    assert any(book.fits(rule) for book in BOOKS.runbooks.values())


def test_the_guides_order_of_looking_is_kept() -> None:
    asks = [step.ask for step in BOOKS.runbooks["bot-not-responding"].steps][:6]
    assert asks[0] == AskCheck("process")
    assert asks[1] == AskLog("Bot is ready", Expect.SOME, since_start=True)
    assert asks[3] == AskLog("Synced.*commands", Expect.SOME, since_start=True)
    assert asks[4] == AskCheck("http")


def test_the_guides_thresholds_are_kept() -> None:
    asks = {ask for book in BOOKS.runbooks.values() for step in book.steps if (ask := step.ask)}
    assert AskMetric("rss_bytes", below=500.0 * 2**20) in asks
    assert AskMetric("cpu_percent", below=85.0, over=300.0) in asks
    assert AskMetric("cpu_percent", below=70.0) in asks
    assert AskMetric("threads", below=50.0) in asks
    assert AskMetric("health_response_seconds", below=2.0) in asks
    assert AskMetric("log_errors_total", below=100.0, over=300.0) in asks
    assert AskRestarts(most=3, within=3600.0) in asks
    assert AskPort() in asks


def test_the_titles_of_what_opsbot_looks_at_are_questions_whose_right_answer_is_yes() -> None:
    titles = [step.title for book in BOOKS.runbooks.values() for step in book.steps if step.ask]
    assert [title for title in titles if not title.endswith("?")] == []
    assert [title for title in titles if title.startswith(("What", "Who"))] == []
