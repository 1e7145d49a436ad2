"""When a file counts as changed: real files, changed as editors, deploys and mounts do it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsbot.clock import SystemClock
from opsbot.reloading.file_watch import FileWatch
from tests.bound import BOUND


class Eyes:
    """What a watch has told so far."""

    def __init__(self, changes: AsyncGenerator[None, None]) -> None:
        self._changes = changes
        self._told: asyncio.Queue[None] = asyncio.Queue()

    async def look(self) -> None:
        async for _ in self._changes:
            self._told.put_nowait(None)

    async def told(self) -> None:
        """Returns with the next change."""
        async with asyncio.timeout(BOUND):
            await self._told.get()

    @property
    def more(self) -> int:
        """Changes that were told and not asked for."""
        return self._told.qsize()


@asynccontextmanager
async def watched(*files: Path, still: float = 0.1, gone: float = 0.3) -> AsyncIterator[Eyes]:
    watch = FileWatch(lambda: files, SystemClock(), still=still, gone=gone, look_every=0.2)
    eyes = Eyes(watch.changes())
    looking = asyncio.create_task(eyes.look())
    await asyncio.sleep(0)  # what stands there now is what was seen
    try:
        yield eyes
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "opsbot.yml"
    made.write_text("version: '1.0'\n")
    return made


async def test_a_file_put_in_the_place_of_the_old_one_is_told_once(file: Path) -> None:
    async with watched(file) as eyes:
        for title in ("a", "b"):
            fresh = file.with_suffix(".new")
            fresh.write_text(f"title: {title}\n")
            fresh.replace(file)
            await eyes.told()
        assert eyes.more == 0


async def test_a_file_that_is_written_in_two_halves_is_told_when_it_is_whole(file: Path) -> None:
    async with watched(file, still=4.0, gone=5.0) as eyes:
        with file.open("w") as writing:
            writing.write("targets:\n  web:")
            writing.flush()
            await asyncio.sleep(0.6)  # a writer that is slow, not a test that waits
            assert eyes.more == 0
            writing.write(" {}\n")
        await eyes.told()
        assert file.read_text() == "targets:\n  web: {}\n"
        assert eyes.more == 0


async def test_a_file_that_is_emptied_and_written_a_moment_later_was_never_empty(file: Path) -> None:
    async with watched(file, gone=4.0) as eyes:
        os.truncate(file, 0)
        await asyncio.sleep(0.8)  # the writer's moment
        assert eyes.more == 0
        file.write_text("title: new\n")
        await eyes.told()
        assert file.read_text() == "title: new\n"
        assert eyes.more == 0


async def test_a_file_that_is_deleted_and_made_again_is_told_with_what_it_holds_then(file: Path) -> None:
    async with watched(file) as eyes:
        file.unlink()
        await eyes.told()
        file.write_text("title: back\n")
        await eyes.told()
        assert eyes.more == 0


async def test_a_file_that_comes_back_as_it_was_is_not_told(file: Path) -> None:
    other = file.with_name("token")
    other.write_text("first")
    async with watched(file, other, gone=4.0) as eyes:
        text = file.read_text()
        file.unlink()
        file.write_text(text)
        file.touch()
        other.write_text("second")  # this one alone has changed
        await eyes.told()
        assert eyes.more == 0


async def test_a_link_that_is_swapped_is_told_as_a_mounted_configuration_does_it(tmp_path: Path) -> None:
    for day, text in (("monday", "title: a\n"), ("tuesday", "title: b\n")):
        (tmp_path / day).mkdir()
        (tmp_path / day / "opsbot.yml").write_text(text)
    data, file = tmp_path / "..data", tmp_path / "opsbot.yml"
    data.symlink_to("monday")
    file.symlink_to("..data/opsbot.yml")
    async with watched(file) as eyes:
        (tmp_path / "..tmp").symlink_to("tuesday")
        (tmp_path / "..tmp").replace(data)
        await eyes.told()
        assert file.read_text() == "title: b\n"


async def test_a_folder_that_is_replaced_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    file = folder / "opsbot.yml"
    file.write_text("title: a\n")
    async with watched(file) as eyes:
        folder.rename(tmp_path / "old")
        await eyes.told()
        folder.mkdir()
        file.write_text("title: b\n")
        await eyes.told()


async def test_what_is_no_file_is_no_trouble(file: Path) -> None:
    async with watched(file) as eyes:
        file.unlink()
        os.mkfifo(file)
        await eyes.told()
        file.unlink()
        file.write_text("title: a\n")
        await eyes.told()


async def test_a_watch_ends_at_once(file: Path) -> None:
    async with asyncio.timeout(BOUND), watched(file):
        pass
