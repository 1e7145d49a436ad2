"""What a command loads: most of its time is importing, so what it does not need stays away.

Seconds are not asserted anywhere; these are what makes them few.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, environ

LOADED = """\
import atexit, sys
named = lambda: print(*(n for n, module in sys.modules.items() if module is not None), file=sys.stderr)
atexit.register(named)
from opsbot.cli.entry import main
main()
"""
"""A command whose last line on stderr names every module that it loaded."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A target, and no Discord."""
    path = tmp_path / "opsbot.yml"
    path.write_text("targets: {bot: {checks: {port: {port: 1}}}}\n")
    return path


def loaded(*words: str | Path) -> tuple[str, set[str]]:
    """What a command printed, and the modules that it loaded."""
    child = [sys.executable, "-c", LOADED, *map(str, words)]
    done = subprocess.run(child, cwd=ROOT, env=environ(), capture_output=True, text=True, check=False)
    return done.stdout, set(done.stderr.splitlines()[-1].split())


def test_help_loads_the_words_of_the_commands_and_nothing_of_what_they_do() -> None:
    said, modules = loaded("--help")
    assert "check-config" in said
    assert not {"rich", "pydantic", "asyncio", "yaml", "structlog", "statistics"} & modules


def test_health_without_a_running_opsbot_loads_no_command_line_and_no_discord(file: Path) -> None:
    said, modules = loaded("health", "-c", file)
    assert "opsbot is not running" in said
    assert not {"typer", "rich", "structlog", "discord", "aiohttp", "sqlite3", "markdown_it"} & modules


def test_what_has_no_discord_works_without_discord_py_and_without_rich(file: Path) -> None:
    said, modules = loaded("pause", "-c", file)
    assert "paused" in said
    assert {"structlog", "opsbot.app", "opsbot.session"} <= modules
    assert not {"rich", "discord", "aiohttp"} & modules
