"""The log is kept before a restart: without a copy of gigabytes, and never over or through another file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation import _backup
from opsbot.rotation._backup import backup, drop, opened_log, own_links
from tests.rotation.yard import DAY, LINE, TRAPS, Yard, needs, needs_root, noise

FIRST = "logs/archive/bot_20260105_150400.before-restart.log"


@pytest.fixture
def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    """On a file system without reflinks, whatever this one is."""
    monkeypatch.setattr(_backup, "_FICLONE", 0)
    yard = Yard(tmp_path)
    yield yard
    yard.close()


async def said(yard: Yard, appends: bool | None = True) -> str:
    return await backup(yard.spec, yard.clock, appends)


def backups(yard: Yard) -> list[Path]:
    return sorted(yard.spec.archive_dir.glob("*.before-restart.log"))


def inode(path: Path) -> int:
    return path.stat().st_ino


async def test_without_a_log_there_is_nothing_to_keep(yard: Yard) -> None:
    assert await said(yard) == "no log yet"
    yard.write(b"")
    assert await said(yard) == "no log yet"
    assert yard.files() == ["bot.log"]


# hard links


async def test_a_log_is_linked_and_outlasts_that_it_is_deleted(yard: Yard) -> None:
    data = yard.write(LINE * 1000)
    assert await said(yard) == f"linked to {FIRST} (96.7 KB)"
    assert inode(yard.folder / FIRST) == inode(yard.log)
    yard.log.unlink()
    assert (yard.folder / FIRST).read_bytes() == data


async def test_the_same_log_is_linked_once(yard: Yard) -> None:
    yard.write()
    await said(yard)
    await yard.clock.advance(60)
    yard.write(LINE)
    assert await said(yard) == f"backed up already as {FIRST}"
    assert len(backups(yard)) == 1


async def test_of_writers_that_are_not_known_the_doubt_is_told(yard: Yard) -> None:
    yard.write()
    assert (await said(yard, None)).endswith("; a target that empties its log when it starts empties both")


async def test_a_linked_log_may_be_rotated_and_the_link_goes_with_it(yard: Yard) -> None:
    data = yard.write()
    await said(yard)
    with opened_log(yard.spec) as log:
        assert log.stat.st_nlink == 2
        assert own_links(yard.spec, log.stat.st_ino) == backups(yard)
    await yard.rotate()
    assert yard.content() == [data]
    assert backups(yard) == []


async def test_a_link_that_somebody_else_made_is_still_refused(yard: Yard) -> None:
    yard.write()
    await said(yard)
    (yard.folder / "other").hardlink_to(yard.log)
    with pytest.raises(RotationError, match="hard link"), opened_log(yard.spec):
        pass


async def test_dropping_removes_the_links_to_that_log_only(yard: Yard) -> None:
    yard.write()
    await said(yard)
    old = inode(yard.log)
    yard.log.rename(yard.folder / "old")
    yard.write()
    await yard.clock.advance(1)
    await said(yard)
    assert drop(yard.spec, old) == [yard.folder / FIRST]
    assert [inode(path) for path in backups(yard)] == [inode(yard.log)]
    assert own_links(yard.spec, old) == []


# copies


async def test_a_log_that_its_target_may_empty_is_copied(yard: Yard) -> None:
    data = yard.write()
    assert await said(yard, appends=False) == f"copied to {FIRST} (9.67 KB)"
    yard.log.write_bytes(b"")
    assert (yard.folder / FIRST).read_bytes() == data


async def test_a_copy_is_not_made_again_before_something_was_written(yard: Yard) -> None:
    yard.write()
    await said(yard, appends=False)
    await yard.clock.advance(60)
    assert await said(yard, appends=False) == f"backed up already as {FIRST}"
    os.utime(yard.log, ns=(1, 1))
    assert (await said(yard, appends=False)).startswith("copied to ")


async def test_a_link_is_no_backup_for_a_log_that_its_target_may_empty(yard: Yard) -> None:
    yard.write()
    await said(yard)
    assert (await said(yard, appends=False)).startswith("copied to logs/archive/bot_20260105_150400_2.before")


async def test_of_a_huge_log_the_newest_whole_lines_are_copied(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_backup, "COPY_BYTES", 1024)
    data = yard.write(noise(20_000))
    assert await said(yard, appends=False) == f"copied the last 1 KB of 2.46 MB to {FIRST}"
    kept = (yard.folder / FIRST).read_bytes()
    assert data.endswith(b"\n" + kept)
    assert 1024 - 129 < len(kept) <= 1024


async def test_another_file_system_gets_a_copy(yard: Yard) -> None:
    data = yard.write()
    before = own_mount(yard, "mount -t tmpfs -o size=4m,mode=0750 tmpfs {archive}", "cat {archive}/*.log")
    child = yard.child("back up", before=before)
    assert "copied to logs/archive/bot_" in child.line()
    assert child.rest().encode() == data


async def test_no_room_for_a_copy_is_told_and_leaves_nothing_half(yard: Yard) -> None:
    data = yard.write(noise(20_000))
    before = own_mount(yard, "mount -t tmpfs -o size=1m,mode=0750 tmpfs {archive}", "ls -A {archive}")
    child = yard.child("back up", before=before)
    assert "was not backed up: " in (said := child.line()["error"])
    assert "about 2.46 MB are needed, 1 MB are free" in said
    assert child.rest() == ""
    assert yard.log.read_bytes() == data


def test_a_log_of_another_user_that_may_not_be_linked_is_copied() -> None:
    needs_root()
    needs(Path("/proc/sys/fs/protected_hardlinks").read_text().strip() == "1", "needs protected_hardlinks")
    with tempfile.TemporaryDirectory() as place:  # other users come to it, unlike to pytest's
        Path(place).chmod(0o755)
        yard = Yard(Path(place))
        yard.write()
        yard.spec.archive_dir.mkdir(parents=True)
        os.chown(yard.spec.archive_dir, 1, 1)
        assert yard.child("back up", user=1).answer().startswith("copied to logs/archive/bot_")


# reflinks


@pytest.mark.parametrize(("kind", "size"), [("btrfs", "200M"), ("xfs", "320M")])
def test_a_log_is_copied_at_once_where_blocks_can_be_shared(tmp_path: Path, kind: str, size: str) -> None:
    needs_root()
    needs(bool(shutil.which(f"mkfs.{kind}")), f"needs mkfs.{kind}")
    image, yard = tmp_path / "image", Yard(tmp_path / "mounted")
    subprocess.run(["truncate", "-s", size, image], check=True)
    subprocess.run([f"mkfs.{kind}", "-q", image], check=True, capture_output=True)
    yard.folder.mkdir()
    fill = "head -c 80000000 /dev/zero | tr '\\0' x > {folder}/bot.log"
    before = own_mount(
        yard, f"mount -o loop {image} {{folder}} && {fill}", "cmp {folder}/bot.log {archive}/*", user=False
    )
    child = yard.child("back up", before=before)
    assert re.fullmatch(r"copied to logs/archive/bot_\d+_\d+.before-restart.log \(76.3 MB\)", child.line())
    assert child.rest() == ""


def own_mount(yard: Yard, mount: str, after: str, *, user: bool = True) -> tuple[str, ...]:
    """What to put before a command that needs a file system of its own; `after` is run behind it."""
    yard.spec.archive_dir.mkdir(parents=True)
    names = {"archive": yard.spec.archive_dir, "folder": yard.folder}
    mapped = ("--user", "--map-root-user") if user else ()
    before = ("unshare", *mapped, "--mount", "sh", "-c")
    mount = mount.format(**names)
    tried = subprocess.run([*before, mount], capture_output=True)
    needs(tried.returncode == 0, f"this machine allows no file systems of one's own: {tried.stderr.decode()}")
    return (*before, f'{mount} && "$@"; {after.format(**names)}', "sh")


# pruning


async def test_backups_are_pruned_by_count_and_age_but_a_link_to_the_live_log_stays(yard: Yard) -> None:
    for number in range(12):
        yard.write(b"%d\n" % number)
        await said(yard, appends=False)
        await yard.clock.advance(DAY / 24)
    assert len(backups(yard)) == 10
    yard.write()
    await said(yard)
    await yard.clock.advance(15 * DAY)
    yard.archive.prune()
    assert [inode(path) for path in backups(yard)] == [inode(yard.log)]
    yard.log.unlink()
    assert len(yard.archive.prune()) == 1
    assert backups(yard) == []


# attacks


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("appends", [True, False])
@pytest.mark.parametrize("end", ["", ".part"])
async def test_a_name_that_was_made_before_is_never_written_through(
    yard: Yard, trap: str, appends: bool, end: str
) -> None:
    precious = yard.folder / "precious"
    precious.write_text("do not touch")
    yard.spec.archive_dir.mkdir(parents=True)
    TRAPS[trap](yard.folder / (FIRST + end), precious)
    data = yard.write()
    await said(yard, appends)
    assert precious.read_text() == "do not touch"
    assert data in [path.read_bytes() for path in backups(yard) if path.is_file()]


async def test_an_archive_folder_for_everybody_is_refused(yard: Yard) -> None:
    yard.write()
    yard.spec.archive_dir.mkdir(parents=True)
    yard.spec.archive_dir.chmod(0o777)
    with pytest.raises(RotationError, match="chmod o-w"):
        await said(yard)


async def test_a_symbolic_link_is_not_backed_up(yard: Yard) -> None:
    yard.log.symlink_to("/etc/hostname")
    with pytest.raises(RotationError, match="symbolic link"):
        await said(yard)
