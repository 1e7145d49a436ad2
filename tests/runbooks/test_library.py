"""Folders with runbooks: real files, as people change them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsbot.runbooks.library import MOST_BYTES, Library
from opsbot.runbooks.places import SHIPPED
from tests.runbooks.books import TEXT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "runbooks"
    made.mkdir()
    return made


def test_a_file_of_ones_own_replaces_the_one_that_comes_with_opsbot(folder: Path) -> None:
    (folder / "high-cpu.md").write_text(TEXT)
    (folder / "mine.md").write_text(TEXT)
    books = Library((SHIPPED, folder)).books()
    assert books.runbooks["high-cpu"].title == "No answers"
    assert {"mine", "high-memory"} <= set(books.runbooks)


def test_an_edit_counts_at_once(folder: Path) -> None:
    file = folder / "mine.md"
    file.write_text(TEXT)
    library = Library((folder,))
    assert library.books().runbooks["mine"].title == "No answers"
    file.write_text(TEXT.replace("title: No answers", "title: Silence"))
    assert library.books().runbooks["mine"].title == "Silence"
    file.unlink()
    assert library.books().runbooks == {}


def test_a_broken_one_leaves_the_others_alone_and_hides_none_behind_it(folder: Path) -> None:
    (folder / "high-cpu.md").write_text("nothing")
    books = Library((SHIPPED, folder)).books()
    assert "high-cpu" not in books.runbooks
    assert "high-memory" in books.runbooks
    assert str(books.broken["high-cpu"][0]).startswith(f"{folder}/high-cpu.md: ")


@pytest.mark.parametrize("name", ["README.md", "readme.md", ".hidden.md", "notes.txt"])
def test_what_is_no_runbook_by_its_name_is_left_alone(folder: Path, name: str) -> None:
    (folder / name).write_text("nothing")
    books = Library((folder,)).books()
    assert (books.runbooks, books.mistakes) == ({}, ())


def test_a_name_that_nobody_could_type_is_a_mistake(folder: Path) -> None:
    (folder / "high cpu.md").write_text(TEXT)
    (mistake,) = Library((folder,)).books().mistakes
    assert "rename it" in mistake.text


def test_what_cannot_be_read_is_a_mistake_and_nothing_hangs(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    (folder / "dir.md").mkdir()
    (folder / "gone.md").symlink_to(folder / "nowhere")
    (folder / "latin.md").write_bytes(TEXT.encode() + b"\n\xe4\n")
    (folder / "huge.md").write_bytes(b"x" * (MOST_BYTES + 1))
    broken = Library((folder,)).books().broken
    assert {name: wrong[0].line for name, wrong in broken.items()} == {
        "pipe": 0,
        "dir": 0,
        "gone": 0,
        "latin": TEXT.count("\n") + 2,
        "huge": 0,
    }


def test_a_folder_that_is_not_there_is_one_mistake_and_the_others_are_read(tmp_path: Path) -> None:
    books = Library((SHIPPED, tmp_path / "nowhere")).books()
    (mistake,) = books.mistakes
    assert "runbooks.dir" in mistake.text
    assert books.runbooks
