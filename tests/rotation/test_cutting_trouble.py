"""Others at the log, exchanged folders, full disks, and who cancels: cutting a log loses nothing by them."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsbot.rotation.base import Way
from tests.bound import BOUND
from tests.rotation.desk import Desk, before, needs_cutting, no_ability, numbered, refusal


@pytest.mark.parametrize("meanwhile", ["truncated", "renamed", "moved away"])
@pytest.mark.parametrize("can_cut", [True, False])
async def test_whoever_else_gets_hold_of_the_log_meanwhile_loses_nothing_by_opsbot(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, meanwhile: str, can_cut: bool
) -> None:
    if can_cut:
        needs_cutting(desk.folder)
        desk.pen()
    else:
        no_ability(monkeypatch)
    desk.log.write_text(numbered(2000))
    other, new = desk.folder / "other", numbered(3000, first=5000)
    happens: dict[str, Callable[[], object]] = {
        "truncated": lambda: desk.log.write_text(new),
        "renamed": lambda: (desk.log.rename(other), desk.log.write_text(new)),
        "moved away": lambda: desk.log.rename(other),
    }
    before(monkeypatch, "check", happens[meanwhile])
    assert "renamed or truncated" in await refusal(desk)
    assert not desk.log.exists() or desk.log.read_text() == new
    assert not other.exists() or other.read_text() == numbered(2000)
    assert other.exists() == (meanwhile != "truncated")
    assert not list(desk.spec.archive_dir.iterdir())


async def test_folders_exchanged_meanwhile_lead_opsbot_nowhere(
    cutting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive folder and the log's own are exchanged for links while the log is copied."""
    precious = cutting.folder / "precious"
    precious.mkdir()
    (precious / "bot.log").write_text(numbered(5000))
    nest = cutting.folder / "nest"
    nest.mkdir()
    cutting.configure(path=nest / "bot.log", archive_dir=cutting.folder / "archive")
    cutting.spec.path.write_text(text := numbered(5000))
    archive = cutting.spec.archive_dir

    def exchange() -> None:
        for folder in (archive, nest):
            folder.rename(folder.with_name(folder.name + ".moved"))
            folder.symlink_to(precious)

    before(monkeypatch, "intend", exchange)
    await cutting.rotate()
    assert [path.name for path in precious.iterdir()] == ["bot.log"]
    assert (precious / "bot.log").read_text() == numbered(5000)
    (copy,) = archive.with_name("archive.moved").iterdir()
    assert copy.read_text() + (nest.with_name("nest.moved") / "bot.log").read_text() == text


@contextmanager
def file_limit(bytes_: int) -> Iterator[None]:
    """No file of this process may become bigger: what a full disk does, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("ability", ["cut", "truncate"])
async def test_no_room_leaves_the_log_as_it_was_and_nothing_half(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, ability: str
) -> None:
    if ability == "cut":
        needs_cutting(desk.folder)
    else:
        no_ability(monkeypatch)
    desk.pen()
    desk.log.write_text(text := numbered(20_000))
    with file_limit(300_000):
        said = await refusal(desk)
    assert "has no room for it" in said
    assert desk.log.read_text() == text
    assert desk.files() == ["bot.log"]


async def test_a_full_disk_leaves_the_log_as_it_was_and_nothing_half(desk: Desk, small_disk: Path) -> None:
    desk.configure(archive_dir=small_disk / "archive")
    desk.pen()
    desk.log.write_text(text := numbered(50_000))
    said = await refusal(desk)
    assert "has no room for it (No space left on device; about 2." in said
    assert desk.log.read_text() == text
    assert list(desk.spec.archive_dir.iterdir()) == []


async def test_a_log_on_a_disk_without_room_for_its_copy_is_left_as_it_was(
    desk: Desk, small_disk: Path
) -> None:
    desk.configure(path=small_disk / "bot.log", archive_dir=small_disk / "archive")
    desk.spec.path.write_text(text := numbered(12_000))
    plan = await desk.rotator.plan()
    assert (plan.way, plan.why) == (
        Way.TRUNCATE,
        "tmpfs cannot cut the head off a file, but nobody writes to it",
    )
    assert "has no room for it" in await refusal(desk)
    assert desk.spec.path.read_text() == text
    desk.spec.path.write_text(text := numbered(8000))
    aside = await desk.rotate()
    assert (aside.path.read_text(), desk.spec.path.read_text()) == (text, "")


async def test_a_rotation_that_is_cancelled_while_it_copies_leaves_nothing(
    cutting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting.log.write_text(text := numbered(20_000))
    loop = asyncio.get_running_loop()
    rotation = asyncio.ensure_future(cutting.rotate())
    cancelled = threading.Event()

    def cancel() -> None:
        loop.call_soon_threadsafe(rotation.cancel)
        loop.call_soon_threadsafe(loop.call_soon, cancelled.set)  # once the rotation has heard of it
        cancelled.wait(BOUND)

    before(monkeypatch, "extend", cancel)
    with pytest.raises(asyncio.CancelledError):
        await rotation
    assert cutting.files() == ["bot.log"]
    assert cutting.log.read_text() == text


async def test_a_rotation_that_is_cancelled_in_the_cut_has_happened_and_is_found_again(
    cutting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cutting.feed.refresh()
    cutting.log.write_text(text := numbered(20_000))
    loop = asyncio.get_running_loop()
    rotation = asyncio.ensure_future(cutting.rotate())
    before(monkeypatch, "check", lambda: loop.call_soon_threadsafe(rotation.cancel))
    with pytest.raises(asyncio.CancelledError):
        await rotation
    (aside,) = await cutting.rotator.asides()
    assert await cutting.archive(aside) + cutting.log.read_bytes() == text.encode()
    await cutting.feed.refresh()
    assert cutting.feed.counts.lines == 20_000


async def test_an_archive_belongs_to_whom_the_log_belongs(cutting: Desk) -> None:
    cutting.log.write_text(numbered(5000))
    cutting.log.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(cutting.log, 65_534, 65_534)
    aside = await cutting.rotate()
    found, log = aside.path.stat(), cutting.log.stat()
    assert (found.st_uid, found.st_gid, found.st_mode) == (log.st_uid, log.st_gid, log.st_mode)


async def test_two_in_one_second_are_two_files(cutting: Desk) -> None:
    paths: set[Path] = set()
    for _ in range(3):
        cutting.log.write_text(numbered(5000))
        paths.add((await cutting.rotate()).path)
    assert len(paths) == 3
