"""A log that was set aside becomes an archive; whatever happens meanwhile, its lines are there once."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import re
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from opsbot.errors import RotationError
from opsbot.rotation._backup import backup
from opsbot.rotation.base import Aside
from tests.rotation.child import POINTS
from tests.rotation.yard import LINE, Child, Yard, eventually, gone, needs, needs_root, noise, workers

LONG = 150_000
"""Lines of noise that take longer to compress than the worker waits between two reports."""

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
    assert (seen[0] > 0, seen[-1]) == (True, 1.0)


async def test_the_worker_yields_processor_and_disk_to_everybody(yard: Yard) -> None:
    yard.write(noise(LONG))
    seen: set[tuple[int, object]] = set()

    def look(_: float) -> None:
        for worker in workers(os.getpid()):
            seen.add((worker.nice(), worker.ionice().ioclass))

    await yard.compress(yard.set_aside(), look)
    assert seen == {(19, psutil.IOPRIO_CLASS_IDLE)}


async def test_memory_does_not_grow_with_the_log(yard: Yard) -> None:
    yard.write(LINE * 1_500_000)
    seen: list[int] = []

    def look(_: float) -> None:
        seen.extend(worker.memory_info().rss for worker in workers(os.getpid()))

    await yard.compress(yard.set_aside(), look)
    assert 0 < max(seen) < 40 << 20 < len(LINE) * 1_500_000


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


# kills


async def settled(yard: Yard, data: bytes) -> None:
    """What a successor leaves: the log's lines once, and nothing half."""
    for aside in yard.archive.asides():
        await yard.compress(aside)
    yard.archive.prune()
    assert yard.content() == [data]
    assert yard.files() == [str(path.relative_to(yard.folder)) for path in yard.archived()]


def is_somewhere(yard: Yard, aside: Path, data: bytes) -> bool:
    """Whether the lines are there, whole, at this very moment."""
    return (aside.exists() and aside.read_bytes() == data) or yard.content() == [data]


@pytest.mark.parametrize("point", [*POINTS, "half is compressed"])
async def test_opsbot_killed_at_each_step_loses_and_doubles_nothing(yard: Yard, point: str) -> None:
    data = yard.write(noise(LONG if point == "half is compressed" else 500))
    await backup(yard.spec, yard.clock, appends=True)
    aside = yard.set_aside()
    child = yard.child("compress", aside.path, point=point)
    left = child.line()
    assert child.ended() == -signal.SIGKILL
    assert is_somewhere(yard, aside.path, data)
    assert all(content == data for content in yard.content())
    eventually(lambda: all(gone(pid) for pid in left))
    await settled(yard, data)


async def test_opsbot_or_its_worker_or_both_killed_at_random_moments(yard: Yard) -> None:
    data = yard.write(noise(20_000))
    aside = yard.set_aside()
    for _ in range(RANDOM_ROUNDS):
        child = yard.child("compress", aside.path)
        eventually(partial(working_or_over, child))
        await asyncio.sleep(random.uniform(0.0, 0.12))
        victims = [] if child.over() else random.choice([[], workers(child.pid)])
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        if not victims or random.random() < 0.5:
            child.process.kill()
        child.ended()
        assert is_somewhere(yard, aside.path, data)
        assert all(content == data for content in yard.content())
    await settled(yard, data)


def working_or_over(child: Child) -> bool:
    return child.over() or bool(workers(child.pid))


async def test_a_killed_worker_is_told_and_the_log_stays(yard: Yard) -> None:
    data = yard.write(noise(LONG))
    aside = yard.set_aside()
    with pytest.raises(RotationError, match="ended by somebody"):
        await yard.compress(aside, kill_workers)
    assert yard.files() == [aside.path.name]
    await settled(yard, data)


def kill_workers(_: float) -> None:
    for worker in workers(os.getpid()):
        worker.kill()


async def test_an_archive_that_somebody_else_made_in_that_second_is_not_taken_for_this_ones(
    yard: Yard,
) -> None:
    first, second = noise(5), noise(5)
    yard.write(first)
    aside = yard.set_aside()
    await yard.compress(aside)
    aside.path.write_bytes(second)
    archived = await yard.compress(aside)
    assert archived.path.name == "bot_20260105_150400_2.log.gz"
    assert sorted(yard.content()) == sorted([first, second])


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
    await settled(yard, data)


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
    await settled(yard, data)


async def caught(compressing: Awaitable[object]) -> str:
    with pytest.raises(RotationError) as error:
        await compressing
    return str(error.value)


# two at once


async def test_of_two_opsbots_at_one_log_one_archives_it(yard: Yard) -> None:
    data = yard.write(noise(20_000))
    aside = yard.set_aside()
    answers = [child.answer() for child in [yard.child("compress", aside.path) for _ in range(3)]]
    assert sum(isinstance(answer, str) for answer in answers) == 1
    refused = [answer["error"] for answer in answers if isinstance(answer, dict)]
    assert all("locked" in text or "does not exist" in text for text in refused)
    assert yard.content() == [data]


async def test_two_logs_of_one_second_get_two_archives_from_two_opsbots_at_once(yard: Yard) -> None:
    asides, written = [], []
    for _ in range(3):
        written.append(yard.write(noise(2_000)))
        asides.append(yard.set_aside())
    children = [yard.child("compress", aside.path) for aside in asides]
    assert len({child.answer() for child in children}) == 3
    assert sorted(yard.content()) == sorted(written)


async def test_what_another_opsbot_compresses_is_not_swept(yard: Yard) -> None:
    yard.write(noise(LONG))
    aside = yard.set_aside()
    halves: list[list[Path]] = []

    def sweep(_: float) -> None:
        yard.archive.prune()
        halves.append([*yard.spec.archive_dir.glob("*.part")])

    await yard.compress(aside, sweep)
    assert all(halves[:-1])


# no room


async def test_a_full_disk_leaves_the_log_and_says_what_is_needed(yard: Yard) -> None:
    yard.spec.archive_dir.mkdir(parents=True)
    script = f'mount -t tmpfs -o size=1m,mode=0750 tmpfs {yard.spec.archive_dir} && "$@"; ls -A {yard.spec.archive_dir}'
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
    await settled(yard, data)


def usable(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


# attacks


TRAPS: dict[str, Callable[[Path, Path], None]] = {
    "symlink": lambda place, precious: place.symlink_to(precious),
    "hard link": lambda place, precious: place.hardlink_to(precious),
    "pipe": lambda place, _: os.mkfifo(place),
}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", ["bot_20260105_150400.log.gz", "bot_20260105_150400.log.gz.part"])
async def test_a_name_that_was_made_before_is_never_written_through(yard: Yard, trap: str, name: str) -> None:
    precious = yard.folder / "precious"
    precious.write_text("do not touch")
    yard.spec.archive_dir.mkdir(parents=True)
    place = yard.spec.archive_dir / name
    TRAPS[trap](place, precious)
    data = yard.write()
    archived = await yard.rotate()
    assert archived.path.name != name
    assert gzip.decompress(archived.path.read_bytes()) == data
    assert precious.read_text() == "do not touch"


async def test_an_archive_folder_that_is_exchanged_meanwhile_leads_nowhere_else(yard: Yard) -> None:
    data = yard.write(noise(LONG))
    aside = yard.set_aside()
    elsewhere, moved = yard.folder / "elsewhere", yard.folder / "moved"
    elsewhere.mkdir()

    def exchange(_: float) -> None:
        if not moved.exists():
            yard.spec.archive_dir.rename(moved)
            yard.spec.archive_dir.symlink_to(elsewhere)

    await yard.compress(aside, exchange)
    assert list(elsewhere.iterdir()) == []
    assert [gzip.decompress(path.read_bytes()) for path in moved.glob("*.gz")] == [data]


@pytest.mark.parametrize("trap", ["symlink", "hard link"])
async def test_a_link_in_the_place_of_an_aside_is_not_archived(yard: Yard, trap: str) -> None:
    secret = yard.folder / "secret"
    secret.write_text("root's own")
    path = yard.archive.aside_path(in_archive=False)
    TRAPS[trap](path, secret)
    with pytest.raises(RotationError, match="link"):
        await yard.compress(Aside(path, 0))
    assert yard.archived() == []
    assert secret.read_text() == "root's own"
