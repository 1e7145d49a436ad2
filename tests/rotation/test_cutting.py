"""A log whose writer keeps it open gets its head cut off, and nothing is lost, doubled or moved elsewhere."""

from __future__ import annotations

import asyncio
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation import _cut
from opsbot.rotation._copy import HeadCopy
from opsbot.rotation._cut import Abilities
from opsbot.rotation.base import Way
from tests.rotation.desk import BLOCK, Desk, needs_cutting, numbered


@pytest.fixture
def cutting(desk: Desk) -> Desk:
    """A log on a file system that can cut, with a writer that appends."""
    needs_cutting(desk.folder)
    desk.pen().write("first")
    return desk


def before(monkeypatch: pytest.MonkeyPatch, step: str, happens: Callable[[], object]) -> None:
    """Something happens just before a step of the copy."""
    real = getattr(HeadCopy, step)

    def stepped(self: HeadCopy, *args: object) -> object:
        happens()
        return real(self, *args)

    monkeypatch.setattr(HeadCopy, step, stepped)


def no_ability(monkeypatch: pytest.MonkeyPatch, *, punch: bool = False) -> None:
    monkeypatch.setattr(_cut, "abilities", lambda *_: Abilities(0, punch))


async def refusal(desk: Desk) -> str:
    with pytest.raises(RotationError) as caught:
        await desk.rotate()
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_archive_and_log_together_are_what_was_written_each_in_whole_lines(cutting: Desk) -> None:
    text = "".join("x" * (20 + number * 7919 % 61) + "\n" for number in range(100_000))
    cutting.log.write_text(text)
    aside = await cutting.rotate()
    archived, left = await cutting.archive(aside), cutting.log.read_bytes()
    assert archived + left == text.encode()
    assert archived.endswith(b"\n")
    assert len(archived) % BLOCK == 0
    assert len(left) < len(archived) / 3
    assert (aside.size, aside.window, aside.busy) == (len(archived), 0.0, "")


async def test_the_writer_goes_on_at_the_end(cutting: Desk) -> None:
    pen = cutting.pens[0]
    cutting.log.write_text(numbered(5000))
    await cutting.rotate()
    left = cutting.log.read_text()
    said = pen.write("after")
    assert cutting.log.read_text() == left + said


async def test_where_no_block_ends_with_a_line_the_line_is_cut_and_nothing_is_missing(cutting: Desk) -> None:
    text = ("x" * 50_000 + "\n") * 20
    cutting.log.write_text(text)
    archived = await cutting.archive(await cutting.rotate())
    assert not archived.endswith(b"\n")
    assert archived + cutting.log.read_bytes() == text.encode()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK])
async def test_less_than_a_block_is_not_rotated(cutting: Desk, size: int) -> None:
    cutting.log.write_text("x" * size)
    assert f"too small to be rotated ({size} bytes)" in await refusal(cutting)
    assert cutting.files() == ["bot.log"]


async def test_rotated_often_every_line_is_there_once_in_order(cutting: Desk) -> None:
    pen, said, archived = cutting.pens[0], [cutting.log.read_text()], b""
    for round_ in range(5):
        with cutting.log.open("a") as log:
            log.write(text := numbered(300, first=300 * round_))
        said += [text, pen.write(f"round {round_}")]
        archived += await cutting.archive(await cutting.rotate())
    assert archived + cutting.log.read_bytes() == "".join(said).encode()


async def test_a_writer_that_does_not_append_loses_nothing_and_leaves_a_hole(desk: Desk) -> None:
    pen = desk.pen("overwrite")
    text = pen.write(*numbered(400).splitlines())
    plan = await desk.rotator.plan()
    assert "begins with zeros" in plan.why
    aside = await desk.rotator.set_aside(plan)
    assert aside.window == 0.0
    assert await desk.archive(aside) == text.encode()
    assert await desk.rotator.size() == 0
    more = pen.write("after", "and after")
    assert desk.log.read_bytes().lstrip(b"\0") == more.encode()
    assert await desk.rotator.size() == len(more)


async def test_a_hole_at_the_head_is_not_archived_a_second_time(desk: Desk) -> None:
    pen = desk.pen("overwrite")
    pen.write(*numbered(400).splitlines())
    await desk.rotate()
    more = pen.write(*numbered(100).splitlines())
    assert await desk.archive(await desk.rotate()) == more.encode()


async def test_a_writer_that_does_not_append_and_comes_late_loses_nothing_either(
    cutting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = numbered(5000)
    cutting.log.write_text(text)
    plan = await cutting.rotator.plan()
    assert plan.way is Way.COLLAPSE
    before(monkeypatch, "intend", lambda: cutting.pen("overwrite"))
    archived = await cutting.archive(await cutting.rotator.set_aside(plan))
    left = cutting.log.read_bytes()
    assert len(left) == len(text)
    assert archived + left.lstrip(b"\0") == text.encode()


async def test_a_late_writer_that_does_not_append_where_nothing_can_be_emptied_is_named(
    cutting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting.log.write_text(text := numbered(5000))
    monkeypatch.setattr(_cut, "abilities", lambda *_: Abilities(BLOCK, punch=False))
    before(monkeypatch, "intend", lambda: cutting.pen("overwrite"))
    said = await refusal(cutting)
    assert f"(pid {cutting.pens[1].pid}) began to write to {cutting.log} without appending" in said
    assert cutting.log.read_text() == text
    assert cutting.files() == ["bot.log"]


async def test_anything_else_is_copied_and_truncated(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    no_ability(monkeypatch)
    pen = desk.pen()
    text = pen.write("one", "two")
    aside = await desk.rotate()
    assert 0.0 < aside.window < 1.0
    assert await desk.archive(aside) == text.encode()
    assert desk.log.read_text() == ""
    pen.write("three")
    assert desk.log.read_text() == "three\n"


async def test_truncated_under_a_writer_that_does_not_append_the_zeros_are_not_archived(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_ability(monkeypatch)
    pen = desk.pen("overwrite")
    text = pen.write(*numbered(400).splitlines())
    assert await desk.archive(await desk.rotate()) == text.encode()
    more = pen.write("three")
    assert desk.log.stat().st_size == len(text) + len(more)
    assert await desk.rotator.size() == len(more)
    assert await desk.archive(await desk.rotate()) == more.encode()


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
        cancelled.wait(20)

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
