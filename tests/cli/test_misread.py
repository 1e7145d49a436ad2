"""What cannot be read on the command line is answered with one sentence and how it is to be written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from opsbot.cli.main import app
from opsbot.cli.misread import call
from opsbot.errors import UsageError


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


ALL = dict(commands(typer.main.get_command(app)))
GROUPS = [path for path, command in ALL.items() if hasattr(command, "commands")]
ASKING = [path for path, command in ALL.items() if any(param.required for param in command.params)]


def said(*words: str) -> str:
    with pytest.raises(UsageError) as wrong:
        call(app, list(words))
    text = str(wrong.value)
    assert "\n" not in text
    assert "Usage" not in text
    assert text.endswith(".")
    assert f"`{' '.join(('opsbot', *words[:1]))}" in text or "`opsbot -h`" in text
    return text


def test_a_maintenance_without_a_reason_is_told_what_is_missing_and_how_to_write_it() -> None:
    text = said("maintenance", "start", "2h")
    assert text.startswith("maintenance start: REASON is missing: what is worked on")
    assert "; write `opsbot maintenance start DURATION REASON…` (" in text


@pytest.mark.parametrize("path", ASKING, ids=" ".join)
def test_what_is_missing_is_named(path: tuple[str, ...]) -> None:
    assert " is missing" in said(*path)


@pytest.mark.parametrize("path", [path for path in ALL if path], ids=" ".join)
def test_an_unknown_option_is_named(path: tuple[str, ...]) -> None:
    assert "no such option: --nonsense" in said(*path, "--nonsense")


@pytest.mark.parametrize("path", GROUPS, ids=" ".join)
def test_an_unknown_command_is_named(path: tuple[str, ...]) -> None:
    assert "no such command 'nonsens'" in said(*path, "nonsens")


def test_a_number_that_is_none_is_named() -> None:
    assert "incidents note: invalid value for 'number'" in said("incidents", "note", "x", "y")


def test_a_group_alone_shows_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    call(app, ["maintenance"])
    shown = capsys.readouterr()
    assert "start" in shown.out + shown.err


def test_what_is_right_ends_as_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(app, ["--version"]) == 0
    assert capsys.readouterr().out.startswith("opsbot ")
