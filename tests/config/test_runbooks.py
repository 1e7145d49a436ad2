"""The section `runbooks`."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.config.diff import compare
from opsbot.config.load import load
from opsbot.runbooks.places import SHIPPED
from tests.config.kit import made, problem


def test_without_the_section_those_that_come_with_opsbot_are_there() -> None:
    assert made("").runbooks == made("runbooks:\n").runbooks == made("runbooks: {}").runbooks == (SHIPPED,)


def test_ones_own_come_behind_them_so_that_they_replace_them(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text("base_dir: there\nrunbooks: {dir: books}\n")
    assert load(file, {}).runbooks == (SHIPPED, tmp_path / "there" / "books")
    file.write_text("runbooks: {dir: /srv/books, shipped: false}\n")
    assert load(file, {}).runbooks == (Path("/srv/books"),)


def test_a_folder_that_is_not_there_is_no_mistake_of_the_configuration() -> None:
    assert made("runbooks: {dir: /nowhere}").runbooks == (SHIPPED, Path("/nowhere"))


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ("{dir: 7}", "runbooks.dir"),
        ("{dir: ''}", "runbooks.dir"),
        ("{shipped: maybe}", "runbooks.shipped"),
        ("{folder: x}", "runbooks.folder"),
        ("[x]", "runbooks"),
    ],
)
def test_a_mistake_names_the_key(section: str, key: str) -> None:
    assert problem(f"runbooks: {section}").key == key


def test_a_changed_folder_is_told_when_the_configuration_is_read_anew() -> None:
    (line,) = compare(made(""), made("runbooks: {dir: /srv/books}")).changes
    assert "/srv/books" in line
