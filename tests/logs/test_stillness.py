"""A log that is set aside by opsbot itself: its followers stand still meanwhile, and count each line once."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from opsbot.logs.formats import PythonFormat, RegexFormat
from tests.logs.support import Log, line, write


@pytest.fixture
async def log(tmp_path: Path) -> Log:
    made = Log(tmp_path)
    await made.feed.refresh()
    made.want(all="message")
    return made


def cut(log: Log, bytes_: int) -> None:
    """The head comes off, as fallocate(2) does it."""
    data = log.path.read_bytes()
    with log.path.open("r+b") as file:
        file.write(data[bytes_:])
        file.truncate()


def numbers(*of: int) -> list[str]:
    return [line(message=f"message {number}") for number in of]


async def seen(log: Log) -> list[int]:
    await log.feed.refresh()
    assert log.feed.counts.lines == len(log.messages)
    return [int(message.split()[1]) for message in log.messages]


async def test_everything_is_read_before_the_log_is_set_aside(log: Log) -> None:
    log.write(*numbers(1, 2))
    async with log.feeds.still(log.path):
        assert log.feed.counts.lines == 2


async def test_nobody_reads_while_the_log_is_set_aside(log: Log) -> None:
    log.write(*numbers(1))
    async with log.feeds.still(log.path):
        log.write(*numbers(2))
        look = asyncio.ensure_future(log.feed.refresh())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not look.done()
        assert log.feed.counts.lines == 1
    await look
    assert log.feed.counts.lines == 2


async def test_a_look_in_a_thread_ends_before_the_log_is_set_aside(log: Log) -> None:
    log.write(*numbers(*range(5000)))
    look = asyncio.ensure_future(log.feed.refresh())
    await asyncio.sleep(0)
    async with log.feeds.still(log.path):
        assert look.done()
        assert log.feed.counts.lines == 5000


async def test_lines_behind_a_cut_head_are_counted_once(log: Log) -> None:
    log.write(*numbers(1, 2, 3))
    head = len(numbers(1)[0])
    async with log.feeds.still(log.path) as still:
        cut(log, head)
        log.write(*numbers(4))
        still.cut(head)
    log.write(*numbers(5))
    assert await seen(log) == [1, 2, 3, 4, 5]


async def test_a_line_of_which_half_was_read_survives_the_cut(log: Log) -> None:
    half, rest = numbers(2)[0][:-9], numbers(2)[0][-9:]
    log.write(*numbers(1), half)
    async with log.feeds.still(log.path) as still:
        head = log.path.stat().st_size - 3  # in the midst of that line
        cut(log, head)
        still.cut(head)
    log.write(rest, *numbers(3))
    assert await seen(log) == [1, 2, 3]


async def test_what_was_cut_off_before_it_was_read_is_read_from_the_copy(log: Log, tmp_path: Path) -> None:
    log.write(*numbers(1))
    async with log.feeds.still(log.path) as still:
        log.write(*numbers(2, 3))
        copy = tmp_path / "copy"
        copy.write_bytes(log.path.read_bytes())
        os.truncate(log.path, 0)
        log.write(*numbers(4))
        descriptor = os.open(copy, os.O_RDONLY)
        still.cut(copy.stat().st_size, descriptor)
        os.close(descriptor)
        copy.unlink()
    assert await seen(log) == [1, 2, 3, 4]


async def test_without_a_copy_what_was_not_read_is_counted_as_lost(log: Log) -> None:
    log.write(*numbers(1))
    async with log.feeds.still(log.path) as still:
        log.write(*numbers(2))
        size = log.path.stat().st_size
        os.truncate(log.path, 0)
        still.cut(size)
    assert await seen(log) == [1]
    assert log.feed.counts.lost_bytes == len(numbers(2)[0])


async def test_a_head_that_was_emptied_in_place_is_not_read_again(log: Log) -> None:
    """As for a writer that does not append: the log begins with zeros and keeps its length."""
    log.write(*numbers(*range(200)))
    async with log.feeds.still(log.path) as still:
        with log.path.open("r+b") as file:
            file.write(bytes(log.path.stat().st_size))
        still.cut(0)
    log.write(*numbers(200))
    assert await seen(log) == list(range(201))


async def test_a_hole_at_the_head_is_not_counted_into_the_size(log: Log) -> None:
    with log.path.open("wb") as file:
        file.seek(1 << 20)
        file.write("".join(numbers(1)).encode())
    await log.feed.refresh()
    assert log.feed.state.size == len(numbers(1)[0])


async def test_who_comes_while_the_log_is_set_aside_waits_too(log: Log) -> None:
    log.write(*numbers(1))
    async with log.feeds.still(log.path):
        newcomer = log.feeds.open(log.path, RegexFormat(kind="regex", pattern="(?P<level>INFO)"))
        share = newcomer.subscribe({})
        look = asyncio.ensure_future(newcomer.refresh())
        await asyncio.sleep(0)
        assert not look.done()
    await look
    share.close()


async def test_another_log_is_read_meanwhile(log: Log, tmp_path: Path) -> None:
    other = log.feeds.open(tmp_path / "other.log", PythonFormat())
    share = other.subscribe({})
    await other.refresh()
    async with log.feeds.still(log.path):
        write(tmp_path / "other.log", *numbers(1))
        await other.refresh()
        assert other.counts.lines == 1
    share.close()


async def test_the_same_log_by_another_spelling_stands_still_too(log: Log, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    log.write(*numbers(1))
    async with log.feeds.still(tmp_path / "link" / "bot.log"):
        assert log.feed.counts.lines == 1


async def test_a_rotation_that_fails_lets_the_followers_go_on(log: Log) -> None:
    with pytest.raises(RuntimeError):
        async with log.feeds.still(log.path):
            raise RuntimeError
    log.write(*numbers(1))
    assert await seen(log) == [1]


async def test_renamed_and_archived_twice_between_two_looks_every_line_counts(log: Log) -> None:
    """The renamed files are gone when the follower looks the next time."""
    for number in range(3):
        log.write(*numbers(2 * number))
        async with log.feeds.still(log.path):
            aside = log.path.with_name(f"bot.log.2026010{number}_150400")
            log.path.rename(aside)
        with aside.open("a") as late:
            late.write(numbers(2 * number + 1)[0])
        log.path.touch()
        aside.unlink()
    assert sorted(await seen(log)) == list(range(6))
