"""The folder with files of incidents: opsbot's alone; nothing is written through what somebody laid there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsbot.diagnostics.attachments import MAKING, STALE, Attachments, NoPlace
from opsbot.domain.diagnostics import BundlePolicy

NOW = 2_000_000_000.0


def made(at: Attachments, content: bytes = b"bundle") -> str:
    name, descriptor = at.new()
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return name


def lay(at: Attachments, name: str, age: float = 0.0, size: int = 10) -> None:
    at.folder.mkdir(mode=0o700, exist_ok=True)
    path = at.folder / name
    path.write_bytes(bytes(size))
    os.utime(path, (NOW - age, NOW - age))


@pytest.fixture
def at(tmp_path: Path) -> Attachments:
    return Attachments(tmp_path / "attachments")


def test_folder_and_files_are_for_one_user_whatever_the_umask_is(at: Attachments) -> None:
    before = os.umask(0)
    try:
        name = at.keep(made(at), "diagnostics_1.tar.gz")
    finally:
        os.umask(before)
    assert at.folder.stat().st_mode & 0o777 == 0o700
    assert (at.folder / name).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_was_open_to_others_is_closed(at: Attachments) -> None:
    at.folder.mkdir(mode=0o755)
    at.folder.chmod(0o777)
    made(at)
    assert at.folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_folders_place_is_refused(at: Attachments, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    at.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NoPlace, match="cannot be used"):
        at.new()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("OPSBOT_TEST_REQUIRE_ALL"),
    reason="only root can make another user's folder",
)
def test_another_users_folder_is_refused(at: Attachments) -> None:
    at.folder.mkdir()
    os.chown(at.folder, 4711, 4711)
    with pytest.raises(NoPlace, match="another user"):
        at.new()


@pytest.mark.parametrize("trap", ["file", "link", "hard link", "fifo", "folder"])
def test_a_name_that_is_taken_is_left_as_it_is(at: Attachments, tmp_path: Path, trap: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    new = made(at)
    taken = at.folder / "diagnostics_1.tar.gz"
    match trap:
        case "file":
            taken.write_text("mine")
        case "link":
            taken.symlink_to(precious)
        case "hard link":
            taken.hardlink_to(precious)
        case "fifo":
            os.mkfifo(taken)
        case _:
            taken.mkdir()
    assert at.keep(new, taken.name) == "diagnostics_1_2.tar.gz"
    assert (at.folder / "diagnostics_1_2.tar.gz").read_bytes() == b"bundle"
    assert precious.read_text() == "mine"


def test_what_is_not_whole_has_no_name_that_anybody_can_guess(at: Attachments) -> None:
    names = {made(at) for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith(MAKING) and len(name) > 30 for name in names)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", ".", "..", ""])
def test_only_plain_names_are_read_or_removed(at: Attachments, name: str) -> None:
    made(at)
    with pytest.raises(NoPlace, match="no name"):
        at.read(name, 100)
    with pytest.raises(NoPlace, match="no name"):
        at.remove(name)


def test_a_link_and_what_is_too_large_are_not_read(at: Attachments, tmp_path: Path) -> None:
    name = made(at, bytes(101))
    with pytest.raises(NoPlace, match="larger"):
        at.read(name, 100)
    (tmp_path / "secret").write_text("x")
    (at.folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(NoPlace):
        at.read("link", 100)


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (BundlePolicy(keep=2), ["diagnostics_1", "diagnostics_2"]),
        (BundlePolicy(keep_bytes=35), ["diagnostics_1", "diagnostics_2", "diagnostics_3"]),
        (BundlePolicy(keep_seconds=250), ["diagnostics_1", "diagnostics_2"]),
        (BundlePolicy(keep_bytes=1), ["diagnostics_1"]),
        (BundlePolicy(), ["diagnostics_1", "diagnostics_2", "diagnostics_3", "diagnostics_4"]),
    ],
)
def test_the_oldest_bundles_go_first_by_each_bound(
    at: Attachments, policy: BundlePolicy, left: list[str]
) -> None:
    for number in range(1, 5):
        lay(at, f"diagnostics_{number}", age=100.0 * number)
    at.tidy(policy, NOW)
    assert sorted(path.name for path in at.folder.iterdir()) == left


def test_other_peoples_files_stay_and_what_was_left_behind_goes(at: Attachments) -> None:
    lay(at, "postmortem_7.md", age=10**8)
    lay(at, f"{MAKING}old", age=STALE + 1)
    lay(at, f"{MAKING}new", age=STALE - 1)
    assert at.tidy(BundlePolicy(keep=1), NOW) == 1
    assert sorted(path.name for path in at.folder.iterdir()) == [f"{MAKING}new", "postmortem_7.md"]
