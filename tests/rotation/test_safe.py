"""What is rotated, and what only looks like a log: nobody leads opsbot, perhaps root, to another file."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation import _safe
from opsbot.rotation._safe import NotThere, create_in, opened, rename_new, reopen, same, stat_in, unlink_in
from tests.rotation.yard import TRAPS, refusal


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "bot.log"
    path.write_text("one\n")
    return path


# the file


def test_a_log_is_opened_with_its_folder(log: Path) -> None:
    with opened(log) as found:
        assert os.read(found.fd, 10) == b"one\n"
        assert (found.name, found.path, found.stat.st_size) == ("bot.log", log, 4)
        assert same(stat_in(found.folder_fd, "bot.log"), found.stat)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(found.fd)


def test_a_missing_log_is_told_as_missing(log: Path) -> None:
    log.unlink()
    with pytest.raises(NotThere, match="does not exist"), opened(log):
        pass


def test_a_missing_folder_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="The folder"), opened(tmp_path / "logs" / "bot.log"):
        pass


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)  # not all of it: a socket's path is short


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a symbolic link": lambda path: path.symlink_to(path.parent / "other"),
    "a named pipe": os.mkfifo,
    "a directory": Path.mkdir,
    "a socket": make_socket,
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_is_named_and_refused(log: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parent)
    log.rename(log.parent / "other")
    NO_FILES[kind](log)
    assert f"is {kind}" in refusal(log)


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/sys/kernel/uevent_seqnum", "/dev/null", "/dev/shm/x"]
)
def test_files_of_the_kernel_are_no_logs(path: str) -> None:
    assert "where no log is" in refusal(Path(path))


def test_a_hard_link_is_refused(log: Path) -> None:
    (log.parent / "secret").hardlink_to(log)
    assert "hard link" in refusal(log)


def test_backups_of_opsbot_may_be_hard_links(log: Path) -> None:
    (log.parent / "backup").hardlink_to(log)
    with opened(log, lambda found: 1) as found:
        assert found.stat.st_nlink == 2
    (log.parent / "secret").hardlink_to(log)
    with pytest.raises(RotationError, match="hard link"), opened(log, lambda found: 1):
        pass


@pytest.mark.parametrize("path", ["logs/../bot.log", "../{}/bot.log", "bot.log/..", "logs/.."])
def test_a_path_with_dots_is_refused(log: Path, path: str) -> None:
    (log.parent / "logs").mkdir()
    refusal(log.parent / path.format(log.parent.name))


# what comes after


def test_a_folder_that_is_exchanged_meanwhile_leads_nowhere_else(log: Path) -> None:
    home = log.parent / "home"
    home.mkdir()
    log.rename(home / "bot.log")
    elsewhere = log.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "bot.log").write_text("secret\n")
    with opened(home / "bot.log") as found:
        home.rename(log.parent / "moved")
        home.symlink_to(elsewhere)
        rename_new(found.folder_fd, "bot.log", "bot.log.1")
        os.close(create_in(found.folder_fd, "new", found.stat))
        assert unlink_in(found.folder_fd, "new")
    assert [path.name for path in elsewhere.iterdir()] == ["bot.log"]
    assert [path.name for path in (log.parent / "moved").iterdir()] == ["bot.log.1"]


def test_a_log_that_is_exchanged_meanwhile_is_not_opened_again(log: Path) -> None:
    with opened(log) as found:
        os.close(reopen(found, os.O_RDWR))
        log.rename(log.parent / "old")
        log.write_text("another\n")
        with pytest.raises(RotationError, match="exchanged"):
            reopen(found, os.O_RDWR)
        log.unlink()
        log.symlink_to(log.parent / "old")
        with pytest.raises(RotationError, match="symbolic link"):
            reopen(found, os.O_RDWR)


def test_a_file_is_deleted_only_while_it_is_the_one_that_was_meant(log: Path) -> None:
    with opened(log) as found:
        log.unlink()
        log.write_text("another\n")
        assert not unlink_in(found.folder_fd, "bot.log", found.stat)
        assert log.read_text() == "another\n"
        assert unlink_in(found.folder_fd, "bot.log", stat_in(found.folder_fd, "bot.log"))
        assert not unlink_in(found.folder_fd, "bot.log")


@pytest.mark.parametrize("trap", TRAPS)
def test_nothing_is_created_over_what_is_there(log: Path, trap: str) -> None:
    place = log.parent / "new"
    TRAPS[trap](place, log)
    with opened(log, lambda _: 1) as found, pytest.raises(FileExistsError):
        create_in(found.folder_fd, "new", found.stat)
    assert log.read_text() == "one\n"


@pytest.mark.parametrize(("mode", "made"), [(0o644, 0o640), (0o600, 0o600), (0o777, 0o640), (0o606, 0o600)])
def test_what_is_created_is_read_by_no_more_people_than_the_log(log: Path, mode: int, made: int) -> None:
    log.chmod(mode)
    with opened(log) as found:
        fd = create_in(found.folder_fd, "new", found.stat)
        assert os.fstat(fd).st_mode & 0o7777 == made
        os.close(fd)


RENAMES = ["renameat2", "hard links", "a look before"]


@pytest.mark.parametrize("way", RENAMES)
def test_a_rename_never_replaces(log: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSYS, "refused")

    if way != "renameat2":
        monkeypatch.setattr(_safe, "_renameat2", refuse)
    if way == "a look before":
        monkeypatch.setattr(os, "link", refuse)
    (log.parent / "there").write_text("two\n")
    with opened(log) as found:
        with pytest.raises(FileExistsError):
            rename_new(found.folder_fd, "bot.log", "there")
        rename_new(found.folder_fd, "bot.log", "free")
    assert (log.parent / "there").read_text() == "two\n"
    assert (log.parent / "free").read_text() == "one\n"
    assert not log.exists()
    assert (log.parent / "free").stat().st_nlink == 1
