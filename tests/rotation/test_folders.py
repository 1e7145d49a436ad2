"""The folders that lead to a log: whoever can exchange one of them decides what opsbot rotates."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation._folders import open_folder
from opsbot.rotation._safe import opened
from tests.rotation.yard import Yard, needs_root, refusal

DAEMON = 1
"""A user of every Debian with a private group: `daemon`, uid and gid 1."""

BIN = 2
"""Another user's private group there."""

STAFF = 50
"""A group of several people there."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "bot.log"
    path.write_text("one\n")
    return path


def accepted(path: Path) -> bool:
    with opened(path) as log:
        return os.read(log.fd, 4) == b"one\n"


@pytest.mark.parametrize("above", [0, 1])
def test_a_folder_that_everybody_may_write_to_is_refused(tmp_path: Path, above: int) -> None:
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    (folder / "bot.log").write_text("one\n")
    wide = [folder, folder.parent][above]
    wide.chmod(0o777)
    said = refusal(folder / "bot.log")
    assert f"run `chmod o-w {wide}`" in said
    wide.chmod(0o755)
    assert accepted(folder / "bot.log")


def test_in_a_sticky_folder_a_log_is_rotated_but_no_archive_is_kept(log: Path) -> None:
    log.parent.chmod(0o1777)
    assert accepted(log)
    with pytest.raises(RotationError, match="may write to the folder"):
        open_folder(log.parent, alone=True)


def test_a_group_of_opsbots_own_may_write(log: Path) -> None:
    os.chown(log.parent, -1, os.getegid())
    log.parent.chmod(0o775)
    assert accepted(log)


def test_the_owners_private_group_may_write_another_group_not(log: Path) -> None:
    needs_root()
    log.parent.chmod(0o775)
    os.chown(log.parent, DAEMON, DAEMON)
    assert accepted(log)
    os.chown(log.parent, DAEMON, BIN)
    assert f"group bin may write to the folder {log.parent}" in refusal(log)
    os.chown(log.parent, DAEMON, 54_321)
    assert "group 54321" in refusal(log)


def test_in_a_folder_of_root_the_private_group_of_a_service_may_write(log: Path) -> None:
    """Ubuntu's /var/log is root's, and writable by group `syslog`."""
    needs_root()
    log.parent.chmod(0o775)
    os.chown(log.parent, 0, DAEMON)
    assert accepted(log)
    os.chown(log.parent, 0, STAFF)
    assert "group staff" in refusal(log)


def access_list(folder: Path, *, users: dict[int, int], groups: dict[int, int], mask: int) -> None:
    """setfacl, without its package: linux/posix_acl_xattr.h."""
    nobody = 0xFFFFFFFF
    entries = [
        (0x01, 7, nobody),
        *((0x02, permission, user) for user, permission in users.items()),
        (0x04, 5, nobody),
        *((0x08, permission, group) for group, permission in groups.items()),
        (0x10, mask, nobody),
        (0x20, 5, nobody),
    ]
    raw = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(folder, "system.posix_acl_access", raw)


@pytest.mark.parametrize(
    ("users", "groups", "mask", "remedy"),
    [
        ({DAEMON: 7}, {}, 7, "setfacl -x u:daemon"),
        ({}, {STAFF: 7}, 7, "setfacl -x g:staff"),
        ({DAEMON: 7}, {}, 5, ""),
        ({DAEMON: 5}, {BIN: 5}, 7, ""),
        ({0: 7}, {0: 7}, 7, ""),
    ],
)
def test_access_lists_are_read(
    log: Path, users: dict[int, int], groups: dict[int, int], mask: int, remedy: str
) -> None:
    access_list(log.parent, users=users, groups=groups, mask=mask)
    if remedy:
        assert f"run `{remedy} {log.parent}`" in refusal(log)
    else:
        assert accepted(log)


def test_a_link_on_the_way_is_followed_when_only_root_or_opsbot_can_change_it(log: Path) -> None:
    (log.parent / "link").symlink_to(".")
    (log.parent / "again").symlink_to("link/../" + log.parent.name)
    assert accepted(log.parent / "link" / "again" / "bot.log")


def test_a_link_of_another_user_is_not_followed(log: Path) -> None:
    needs_root()
    link = log.parent / "link"
    link.symlink_to(log.parent)
    os.chown(link, DAEMON, DAEMON, follow_symlinks=False)
    assert f"symbolic link {link}" in refusal(link / "bot.log")
    os.chown(link, 0, 0, follow_symlinks=False)
    assert accepted(link / "bot.log")
    os.chown(log.parent, DAEMON, DAEMON)  # whoever owns the folder can exchange the link
    assert f"symbolic link {link}" in refusal(link / "bot.log")


def test_links_in_a_circle_are_told(log: Path) -> None:
    (log.parent / "a").symlink_to("b")
    (log.parent / "b").symlink_to("a")
    assert "too many links" in refusal(log.parent / "a" / "bot.log")


def test_a_file_on_the_way_is_told(log: Path) -> None:
    assert "not a folder" in refusal(log / "bot.log")


def test_folders_that_are_missing_are_made_for_their_owner(tmp_path: Path) -> None:
    os.close(open_folder(tmp_path / "logs" / "archive", make=True))
    assert (tmp_path / "logs" / "archive").stat().st_mode & 0o7777 == 0o750
    with pytest.raises(FileNotFoundError):
        open_folder(tmp_path / "other")


# opsbot as a user


@pytest.fixture
def shared() -> Iterator[Yard]:
    """Where other users than root come to, which is not so for pytest's folders."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yard = Yard(Path(place))
        yield yard
        yard.close()


def test_opsbot_opens_a_log_of_its_own_user(shared: Yard) -> None:
    needs_root()
    shared.write(b"one\n")
    for path in (shared.folder, shared.log):
        os.chown(path, DAEMON, DAEMON)
    assert shared.child("open", user=DAEMON).answer() == 4


def test_a_log_that_opsbots_user_may_not_read_is_told(shared: Yard) -> None:
    needs_root()
    shared.write(b"one\n")
    shared.log.chmod(0o600)
    said = shared.child("open", user=DAEMON).answer()["error"]
    assert "no permission for" in said
    assert "run opsbot as its owner" in said


def test_a_folder_that_opsbots_user_may_not_enter_is_told(shared: Yard) -> None:
    needs_root()
    shared.write(b"one\n")
    shared.folder.chmod(0o700)
    assert "no permission for the folder" in shared.child("open", user=DAEMON).answer()["error"]
