"""Seeing through wrappers, and when two command lines are the same program."""

from __future__ import annotations

import pytest

from opsbot.supervisors._argv import core, same_program

BOT = ("python", "-m", "src.main")


@pytest.mark.parametrize(
    "line",
    [
        ("poetry", "run", *BOT),
        ("poetry", "-q", "run", *BOT),
        ("/usr/bin/python3.11", "/usr/local/bin/poetry", "run", *BOT),
        ("python3", "-m", "poetry", "run", *BOT),
        ("uv", "run", *BOT),
        ("/home/ann/.local/bin/uv", "run", "--env-file", ".env", "--frozen", "--", *BOT),
        ("pipenv", "run", *BOT),
        ("sh", "-c", "python -m src.main"),
        ("bash", "-lc", "exec python -m src.main"),
        ("/bin/sh", "-c", "cd /srv/bot && python -m src.main > summarybot.log 2>&1"),
        ("sh", "-c", "TOKEN=x python -m src.main"),
        ("sh", "-c", "poetry run python -m src.main >> 'a log' 2>&1 &"),
        ("env", "-i", "A=1", "B=2", *BOT),
        ("nohup", *BOT),
        ("nice", "-n", "10", *BOT),
        ("timeout", "-k", "5", "3600", *BOT),
        ("stdbuf", "-oL", *BOT),
        ("tini", "--", *BOT),
    ],
)
def test_a_wrapper_is_seen_through(line: tuple[str, ...]) -> None:
    assert core(line) == BOT


@pytest.mark.parametrize(
    "line",
    [
        BOT,
        ("./bot",),
        ("poetry", "install"),
        ("sh", "script.sh"),
        ("sh", "-c", "'unbalanced"),
        ("python", "-m", "pip"),
    ],
)
def test_what_is_no_wrapper_stays_itself(line: tuple[str, ...]) -> None:
    assert core(line) == line


@pytest.mark.parametrize(
    "found",
    [
        BOT,
        ("/srv/venv/bin/python", "-m", "src.main"),
        ("python3.11", "-u", "-m", "src.main"),
        ("python3", "-X", "dev", "-W", "error", "-m", "src.main"),
    ],
)
def test_the_same_python_program_is_recognised(found: tuple[str, ...]) -> None:
    assert same_program(BOT, found, str, script=False)


@pytest.mark.parametrize(
    "found",
    [
        ("python", "-m", "src.main", "--other"),
        ("python", "-m", "src.mainly"),
        ("python", "src/main.py"),
        ("node", "-m", "src.main"),
        ("grep", "python -m src.main"),
        ("vim", "python", "-m", "src.main"),
        ("python",),
        (),
    ],
)
def test_another_program_is_not_mistaken_for_it(found: tuple[str, ...]) -> None:
    assert not same_program(BOT, found, str, script=False)


def test_a_script_is_recognised_behind_its_interpreter() -> None:
    def path_of(program: str) -> str:
        return f"/srv/{program.removeprefix('./')}" if not program.startswith("/") else program

    assert same_program(("./bot.sh", "-v"), ("/bin/sh", "/srv/bot.sh", "-v"), path_of, script=True)
    assert not same_program(("./bot.sh", "-v"), ("/bin/sh", "/srv/other.sh", "-v"), path_of, script=True)
