"""A log that was set aside becomes an archive; whatever happens meanwhile, its lines are there once."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Awaitable, Iterator
from pathlib import Path

import psutil
import pytest

from opsbot.errors import RotationError
from tests.rotation.yard import LINE, LONG, Yard, gone, needs, needs_root, noise, workers

RANDOM_ROUNDS = 6


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    yard.close()


async def test_the_archive_holds_every_byte_and_the_aside_is_gone(yard: Yard) -> None:
    data = yard.write(noise(10_000) + "half a line, ünïcode".encode())
    archived = await yard.rotate()
    assert yard.content() == [data]
    assert yard.files() == [str(archived.path.relative_to(yard.folder))]
    assert (archived.size, archived.compressed) == (len(data), archived.path.stat().st_size)


async def test_an_empty_log_gives_an_empty_archive(yard: Yard) -> None:
    yard.write(b"")
    await yard.rotate()
    assert yard.content() == [b""]


async def test_the_archive_is_as_old_as_its_last_line_and_as_readable_as_the_log(yard: Yard) -> None:
    yard.write()
    yard.log.chmod(0o604)
    os.utime(yard.log, ns=(1, 1_700_000_000_123_456_789))
    found = (await yard.rotate()).path.stat()
    assert found.st_mtime_ns == 1_700_000_000_123_456_789
    assert found.st_mode & 0o777 == 0o600


async def test_archive_and_folder_belong_to_the_logs_owner_when_opsbot_is_root(yard: Yard) -> None:
    needs_root()
    yard.write()
    for path in (yard.folder, yard.log):
        os.chown(path, 12_345, 12_346)
    archived = await yard.rotate()
    for path in (archived.path, yard.spec.archive_dir, yard.spec.archive_dir.parent):
        assert (path.stat().st_uid, path.stat().st_gid) == (12_345, 12_346)
    assert yard.spec.archive_dir.stat().st_mode & 0o777 == 0o750


async def test_progress_grows_to_all(yard: Yard) -> None:
    yard.write(noise(LONG))
    seen: list[float] = []
    await yard.compress(yard.set_aside(), seen.append)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


async def test_the_worker_yields_to_everybody_and_knows_no_secrets(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSBOT_DISCORD_TOKEN", "secret")
    yard.write(noise(LONG))
    seen: list[tuple[int, object, object]] = []

    def look(_: float) -> None:
        seen.extend((one.nice(), one.ionice().ioclass, one.environ()) for one in workers(os.getpid()))

    await yard.compress(yard.set_aside(), look)
    assert seen[0] == (19, psutil.IOPRIO_CLASS_IDLE, {})


async def test_memory_does_not_grow_with_the_log(yard: Yard) -> None:
    yard.write(LINE * 700_000)
    seen: list[int] = []

    def look(_: float) -> None:
        seen.extend(worker.memory_info().rss for worker in workers(os.getpid()))

    await yard.compress(yard.set_aside(), look)
    assert 0 < max(seen) < 32 << 20 < len(LINE) * 700_000


async def test_a_hole_at_the_head_of_a_log_that_was_cut_is_not_archived(yard: Yard) -> None:
    with yard.log.open("wb") as log:
        log.seek(64 << 20)
        log.write(LINE * 3)
    archived = await yard.rotate()
    assert yard.content() == [LINE * 3]
    assert archived.size == len(LINE) * 3


async def test_what_is_still_written_to_stays(yard: Yard) -> None:
    data = yard.write(noise(LONG))
    aside = yard.set_aside()

    def write_on(_: float) -> None:
        with aside.path.open("ab") as late:
            late.write(LINE)

    with pytest.raises(RotationError, match="still written to"):
        await yard.compress(aside, write_on)
    assert aside.path.read_bytes().startswith(data)
    assert yard.files() == [aside.path.name]


# ends


async def test_a_cancelled_compression_ends_its_worker_and_leaves_nothing_half(yard: Yard) -> None:
    data = yard.write(noise(LONG))
    aside = yard.set_aside()
    seen: list[psutil.Process] = []
    working = asyncio.Event()

    def look(_: float) -> None:
        seen.extend(workers(os.getpid()))
        working.set()

    async with asyncio.TaskGroup() as group:
        job = group.create_task(yard.compress(aside, look))
        await working.wait()
        job.cancel()
    assert job.cancelled()
    assert all(gone(worker.pid) for worker in seen)
    assert yard.files() == [aside.path.name]
    await yard.settled(data)


async def test_a_closed_archive_ends_what_compresses(yard: Yard) -> None:
    data = yard.write(noise(LONG))
    aside = yard.set_aside()
    working = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        job = group.create_task(caught(yard.compress(aside, lambda _: working.set())))
        await working.wait()
        await yard.archive.close()
    assert "ended with opsbot" in job.result()
    assert workers(os.getpid()) == []
    assert yard.files() == [aside.path.name]
    await yard.settled(data)


async def caught(compressing: Awaitable[object]) -> str:
    with pytest.raises(RotationError) as error:
        await compressing
    return str(error.value)


# no room


async def test_a_full_disk_leaves_the_log_and_says_what_is_needed(yard: Yard) -> None:
    place = yard.spec.archive_dir
    place.mkdir(parents=True)
    script = f'mount -t tmpfs -o size=1m,mode=0750 tmpfs {place} && "$@"; ls -A {place}'
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh")
    needs(usable([*before, "true"]), "this machine allows no file systems of one's own (unshare)")
    data = yard.write(noise(40_000))
    aside = yard.set_aside()
    child = yard.child("compress", aside.path, before=before)
    said = child.line()["error"]
    assert re.search(r"has no room for it \(No space left on device; about [23]\.\d+ MB are needed, ", said)
    assert re.search(r", 1 MB are free\)", said)
    assert child.rest() == ""  # ls: nothing half is there
    assert aside.path.read_bytes() == data


async def test_a_limit_on_the_size_of_files_is_told_as_one(yard: Yard) -> None:
    data = yard.write(noise(40_000))
    aside = yard.set_aside()
    said = yard.child("compress", aside.path, file_limit=300_000).answer()["error"]
    assert "File too large; about" in said
    assert yard.files() == [aside.path.name]
    await yard.settled(data)


def usable(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False
