"""Command lines are compared as people mean them."""

from __future__ import annotations

import pytest

from opsbot.checks._command import matches, words

BOT = ["python", "-m", "src.main"]


@pytest.mark.parametrize(
    "command",
    [
        "python -m src.main",
        "poetry run python -m src.main",
        "uv run --no-sync python -m src.main",
        "uv run --project ../x python -m src.main",
        "sh -c 'exec python -m src.main'",
        "nohup env -u HOME A=b python -m src.main",
        "sudo -u bot poetry run python -m src.main",
        'bash -c "poetry run python -m src.main"',
    ],
)
def test_wrappers_are_taken_off(command: str) -> None:
    assert words(command) == BOT


@pytest.mark.parametrize("command", ["poetry", "uv run", "sh -c", "env"])
def test_a_wrapper_around_nothing_stays_what_it_is(command: str) -> None:
    assert words(command)


@pytest.mark.parametrize(
    ("argv", "same"),
    [
        (["/usr/bin/python3.11", "-m", "src.main"], True),
        (["python3", "-u", "-X", "dev", "-m", "src.main", "--debug"], True),
        (["python", "-m", "src.mainframe"], False),
        (["python", "-m"], False),
        (["sh", "-c", "python -m src.main"], False),
        (["/usr/bin/python3", "/usr/bin/poetry", "run", "python", "-m", "src.main"], False),
        (["uv", "run", "python", "-m", "src.main"], False),
        (["grep", "python -m src.main"], False),
        (["vim", "-m", "src.main"], False),
        ([], False),
    ],
)
def test_a_process_is_known_by_program_and_arguments(argv: list[str], same: bool) -> None:
    assert matches(BOT, argv) is same


def test_a_path_is_compared_in_full() -> None:
    assert matches(["/opt/bot/run", "a"], ["/opt/bot/run", "a"])
    assert not matches(["/opt/bot/run", "a"], ["/opt/other/run", "a"])
    assert matches(["run", "a"], ["/opt/other/run", "a"])
