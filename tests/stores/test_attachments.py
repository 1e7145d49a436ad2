"""Files of a timeline: whole, private, and never written through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from opsbot.stores.attachments import Attachments


def test_a_file_and_its_folder_are_for_this_user_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        Attachments(tmp_path).write("a.md", b"one")
    finally:
        os.umask(old)
    folder = tmp_path / "attachments"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a.md").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["a.md"]


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    (tmp_path / "attachments").mkdir(mode=0o777)
    Attachments(tmp_path).write("a.md", b"one")
    assert stat.S_IMODE((tmp_path / "attachments").stat().st_mode) == 0o700


def test_the_newer_file_takes_the_place_of_the_older_also_after_a_crash_in_its_midst(tmp_path: Path) -> None:
    files = Attachments(tmp_path)
    files.write("a.md", b"one")
    (files.folder / "a.md.half").write_bytes(b"tw")
    files.write("a.md", b"two")
    assert (files.folder / "a.md").read_bytes() == b"two"
    assert not (files.folder / "a.md.half").exists()


@pytest.mark.parametrize("name", ["a.md", "a.md.half"])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    files = Attachments(tmp_path)
    files.write("b.md", b"")
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (files.folder / name).symlink_to(victim)
    files.write("a.md", b"one")
    assert victim.read_bytes() == b"mine"
    assert not (files.folder / "a.md").is_symlink()
    assert (files.folder / "a.md").read_bytes() == b"one"


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    state = tmp_path / "state"
    state.mkdir()
    (state / "attachments").symlink_to(elsewhere)
    with pytest.raises(OSError):  # noqa: PT011 - ELOOP or ENOTDIR, as the system has it
        Attachments(state).write("a.md", b"one")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "a\0b", "-x", "a\n", "x" * 300])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        Attachments(tmp_path).write(name, b"one")


def test_old_ones_are_removed_by_their_kind(tmp_path: Path) -> None:
    files = Attachments(tmp_path)
    assert files.prune("postmortem_", 100.0) == 0
    for name in ("postmortem_1.md", "postmortem_2.md", "other.md"):
        files.write(name, b"one")
    for name in ("postmortem_1.md", "other.md"):
        os.utime(files.folder / name, (50.0, 50.0))
    assert files.prune("postmortem_", 100.0) == 1
    assert sorted(path.name for path in files.folder.iterdir()) == ["other.md", "postmortem_2.md"]
