"""A target that runs as another user does not get root's rights from an opsbot that has them."""

from __future__ import annotations

import fcntl
import os
import pwd
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.errors import SupervisorError
from opsbot.supervisors._keeper.files import only_root_moves
from tests.supervisors.helpers import Place, eventually
from tests.supervisors.test_start import needs_root

SHELL = (
    "echo evil; while ! test -e {0}/go; do sleep 0.02; done; echo more; echo more; touch {0}/done; sleep 99"
)
USER = "daemon"


@pytest.fixture(autouse=True)
def _root() -> None:
    needs_root()


def unread(fifo: Path) -> int:
    """Bytes that wait in a pipe (FIONREAD)."""
    descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)
    finally:
        os.close(descriptor)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The target's own folder; all above it can be entered."""
    home = tmp_path / "home"
    (home / "logs").mkdir(parents=True)
    entry = pwd.getpwnam(USER)
    for folder in (home, home / "logs"):
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    above = [p for p in home.parents if p.owner() == "root" and not p.stat().st_mode & 0o001]
    modes = {folder: folder.stat().st_mode for folder in above}
    for folder in above:
        folder.chmod(0o711)
    yield home
    for folder, mode in modes.items():
        folder.chmod(mode)


async def test_a_log_folder_swapped_for_a_link_gives_no_way_into_roots_folders(home: Path) -> None:
    roots = home.parent / "etc"
    roots.mkdir(mode=0o755)
    place = Place(home)
    place.state, place.log = home.parent / "state", home / "logs" / "bot.log"
    supervisor = place.supervisor(command=("/bin/sh", "-c", SHELL.format(home)), user=USER, cwd="/")
    try:
        running = await supervisor.start(1)
        await eventually(lambda: "evil" in place.text())
        assert place.log.owner() == USER
        (home / "logs").rename(home / "away")
        (home / "logs").symlink_to(roots)
        (home / "go").touch()
        await eventually((home / "done").exists)
        await eventually(lambda: unread(place.state / "output.fifo") == 0)
        await supervisor.stop(running, 5.0)
        (ended,) = supervisor._records.exits()
        assert ended.lost > 0
        assert list(roots.iterdir()) == []
    finally:
        await place.close()


async def test_a_folder_that_is_missing_is_not_made_with_roots_rights(home: Path) -> None:
    place = Place(home)
    place.state, place.log = home.parent / "state", home / "new" / "bot.log"
    with pytest.raises(SupervisorError, match="make it"):
        await place.supervisor(command=("/bin/sh", "-c", SHELL.format(home)), user=USER, cwd="/").start(1)
    assert not place.log.parent.exists()


async def test_a_log_that_its_user_may_not_write_is_one_sentence(home: Path) -> None:
    place = Place(home)
    place.state, place.log = home.parent / "state", home / "logs" / "bot.log"
    place.log.touch(0o644)
    with pytest.raises(SupervisorError, match=f"chown {USER}"):
        await place.supervisor(command=("/bin/sh", "-c", "exit"), user=USER, cwd="/").start(1)


def test_a_folder_is_roots_alone_only_if_all_above_it_are(home: Path) -> None:
    assert only_root_moves("/etc/x.log")
    assert not only_root_moves(str(home / "logs" / "x.log"))
    (home / "etc").symlink_to("/etc")
    (home.parent / "link").symlink_to(home / "etc")
    (home.parent / "mine").symlink_to("../../../../../../../etc")
    for way in (home / "etc", home.parent / "link", home / "logs" / ".." / ".." / "link"):
        assert not only_root_moves(f"{way}/x.log")
    assert only_root_moves(f"{home.parent}/mine/../etc/x.log")
    (home.parent / "round").symlink_to(home.parent / "round")
    assert not only_root_moves(f"{home.parent}/round/x.log")
    assert not only_root_moves("/nowhere/at/all/x.log")
