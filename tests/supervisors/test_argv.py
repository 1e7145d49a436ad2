"""Seeing through wrappers, and when two command lines are the same program."""

from __future__ import annotations

import pytest

from opsbot.supervisors._argv import SAME, core, difference

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
    assert difference(BOT, found, str, script=False) == SAME


@pytest.mark.parametrize(
    "found",
    [
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
    assert difference(BOT, found, str, script=False) is None


def test_a_script_is_recognised_behind_its_interpreter() -> None:
    def path_of(program: str) -> str:
        return f"/srv/{program.removeprefix('./')}" if not program.startswith("/") else program

    wanted = ("./bot.sh", "-v")
    assert difference(wanted, ("/bin/sh", "/srv/bot.sh", "-v"), path_of, script=True) == SAME
    assert difference(wanted, ("/bin/sh", "/srv/other.sh", "-v"), path_of, script=True) is None


@pytest.mark.parametrize(
    ("wanted", "found", "says"),
    [
        (BOT, (*BOT, "--debug"), "it has more arguments: --debug"),
        (BOT, (*BOT, "--token=hush", "-v", "hush"), "it has more arguments: --token -v …"),
        ((*BOT, "--config", "x"), BOT, "it lacks arguments: --config …"),
        ((*BOT, "--config", "x"), (*BOT, "--debug", "--config", "x"), "it has more arguments: --debug"),
        ((*BOT, "-a", "-b"), (*BOT, "-b", "-a"), "its arguments are in another order"),
        (("./bot",), ("./bot", "--now"), "it has more arguments: --now"),
        (("./bot", "--now"), ("./bot",), "it lacks arguments: --now"),
        (("node", "bot.js"), ("node", "bot.js", "--inspect"), "it has more arguments: --inspect"),
        (("bash", "-x", "run.sh"), ("bash", "-x", "run.sh", "again"), "it has more arguments: …"),
    ],
)
def test_a_copy_with_other_arguments_is_recognised_and_no_value_is_shown(
    wanted: tuple[str, ...], found: tuple[str, ...], says: str
) -> None:
    assert str(difference(wanted, found, str, script=False)) == says


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((*BOT, "--shard", "1"), (*BOT, "--shard", "2")),
        (BOT, ("python",)),
        (("python", "bot.py"), ("python",)),
        (("bash", "-x", "run.sh"), ("bash",)),
        (("node", "--inspect", "bot.js"), ("node", "--inspect")),
        (("node", "bot.js"), ("node", "other.js")),
        (("caddy", "run", "--config", "x"), ("caddy", "fmt", "--config", "x")),
    ],
)
def test_another_run_of_the_same_program_is_not_mistaken_for_a_copy(
    wanted: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert difference(wanted, found, str, script=False) is None


def test_a_script_named_by_another_path_is_the_same_one() -> None:
    def path_of(program: str) -> str:
        return program if program.startswith("/") else f"/srv/{program}"

    assert difference(("python", "/srv/bot.py"), ("python3", "bot.py"), path_of, script=False) == SAME
    assert difference(("python", "/opt/bot.py"), ("python3", "bot.py"), path_of, script=False) is None
