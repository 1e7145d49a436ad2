"""A log is followed whatever becomes of its file, and each line is counted once."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from opsbot.logs import _follower
from opsbot.logs._openfile import OpenFile
from opsbot.logs.feed import Availability
from tests.logs.support import Log, line, write


@pytest.fixture
async def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def availability(log: Log) -> Availability:
    return log.feed.state.availability


async def begin(log: Log, *lines: str) -> None:
    log.write(*lines)
    await log.feed.refresh()


async def test_lines_of_before_the_start_are_not_counted(log: Log) -> None:
    await begin(log, line("ERROR"), line("WARNING"))
    assert (log.feed.counts.lines, log.feed.counts.errors) == (0, 0)
    log.write(line("ERROR"), line("CRITICAL"), line("WARNING"), line())
    await log.feed.refresh()
    counts = log.feed.counts
    assert (counts.lines, counts.errors, counts.warnings) == (4, 2, 1)


async def test_a_line_is_counted_when_its_end_was_written(log: Log) -> None:
    await begin(log, line())
    whole = line("ERROR", "split")
    log.write(whole[:30])
    await log.feed.refresh()
    assert log.feed.counts.errors == 0
    log.write(whole[30:])
    await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors) == (1, 1)


async def test_a_line_that_was_unfinished_at_the_start_counts_once_it_is_finished(log: Log) -> None:
    whole = line("ERROR")
    await begin(log, line(), whole[:-5])
    log.write(whole[-5:])
    await log.feed.refresh()
    assert log.feed.counts.errors == 1


async def test_a_truncated_log_is_read_from_its_new_start(log: Log) -> None:
    await begin(log, *[line() for _ in range(20)])
    os.truncate(log.path, 0)
    log.write(line("ERROR", "after"))
    await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors) == (1, 1)


async def test_a_log_truncated_and_grown_beyond_its_old_size_is_noticed(log: Log) -> None:
    await begin(log, line(message="old", ago=3600))
    os.truncate(log.path, 0)
    log.write(*[line("ERROR", f"new {n}") for n in range(5)])
    await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors) == (5, 5)


async def test_a_renamed_log_is_finished_before_the_new_one(log: Log) -> None:
    log.want(all="message")
    await begin(log, line())
    log.write(line(message="message 1"))
    log.rotate()
    log.write(line(message="message 2"))
    await log.feed.refresh()
    assert log.messages == ["message 1", "message 2"]


async def test_rotated_three_times_between_two_looks_every_line_counts_once(log: Log) -> None:
    log.want(all="message")
    log.write(line(message="much older"))
    log.rotate()
    await begin(log, line(message="message 0"))
    log.hits.clear()
    for number in (1, 3, 5):
        log.write(line(message=f"message {number}"))
        log.rotate()
        log.write(line(message=f"message {number + 1}"))
    await log.feed.refresh()
    await log.feed.refresh()
    assert log.messages == [f"message {number}" for number in range(1, 7)]
    assert log.feed.counts.lines == 6


async def test_what_was_renamed_before_the_log_was_ever_seen_counts_too(log: Log) -> None:
    log.want(all="message")
    write(log.path.with_name("bot.log.1"), line(message="much older"))
    await log.feed.refresh()
    for number in range(3):
        log.write(line(message=f"message {number}"))
        log.rotate()
    log.write(line(message="message 3"))
    await log.feed.refresh()
    assert log.messages == [f"message {number}" for number in range(4)]


async def test_rotated_once_more_in_the_midst_of_a_look_every_line_counts_once(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the new log is opened, and before a renamed one is."""
    log.want(all="message")
    await begin(log, line(message="message 0"))
    log.hits.clear()
    moments = iter(("before the new log", "before a renamed one"))
    number = 1

    def rotating(path: Path) -> OpenFile:
        nonlocal number
        if next(moments, ""):
            log.rotate()
            log.write(line(message=f"message {(number := number + 1)}"))
        return OpenFile(path)

    log.rotate()
    log.write(line(message="message 1"))
    monkeypatch.setattr(_follower, "OpenFile", rotating)
    for _ in range(3):
        await log.feed.refresh()
    assert sorted(log.messages) == ["message 1", "message 2", "message 3"]


async def test_a_program_may_go_on_writing_to_the_renamed_log_for_a_while(log: Log) -> None:
    log.want(all="message")
    await begin(log, line())
    with log.path.open("a") as old:
        log.rotate()
        log.write(line(message="message new"))
        await log.feed.refresh()
        old.write(line(message="message late"))
    await log.feed.refresh()
    assert sorted(log.messages) == ["message late", "message new"]


async def test_the_last_line_of_a_renamed_log_counts_although_it_has_no_end(log: Log) -> None:
    await begin(log, line())
    log.write(line("ERROR").rstrip("\n"))
    log.rotate()
    log.write(line())
    for _ in range(15):
        await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors) == (2, 1)


async def test_a_deleted_log_is_awaited_and_read_from_its_beginning(log: Log) -> None:
    await begin(log, line())
    log.path.unlink()
    await log.feed.refresh()
    assert availability(log) is Availability.MISSING
    log.write(line("ERROR"), line())
    await log.feed.refresh()
    assert availability(log) is Availability.READABLE
    assert (log.feed.counts.lines, log.feed.counts.errors) == (2, 1)


async def test_a_log_that_appears_after_the_start_is_read_whole(log: Log) -> None:
    await log.feed.refresh()
    assert availability(log) is Availability.MISSING
    log.write(line("ERROR"))
    await log.feed.refresh()
    assert log.feed.counts.errors == 1


async def test_packed_archives_and_other_files_beside_the_log_are_left_alone(log: Log) -> None:
    await begin(log, line())
    log.rotate()
    folder = log.path.parent
    write(folder / "bot.log.2.gz", line("ERROR"))
    write(folder / "bot-errors.log", line("ERROR"))
    write(folder / "bot.log.lock", line("ERROR"))
    log.write(line())
    await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors) == (1, 0)


async def test_after_a_restart_it_goes_on_from_its_position(log: Log, tmp_path: Path) -> None:
    await begin(log, line())
    log.write(line("ERROR"), line("ERROR")[:20])
    await log.feed.refresh()
    position = log.feed.position()
    assert position is not None
    await log.feeds.close()
    log.write(line("ERROR")[20:], line("WARNING"))
    again = Log(tmp_path)
    again.feed.resume_from(position)
    await again.feed.refresh()
    assert (again.feed.counts.errors, again.feed.counts.warnings, again.feed.counts.lines) == (1, 1, 2)


async def test_after_a_restart_it_finds_the_log_that_was_rotated_meanwhile(log: Log, tmp_path: Path) -> None:
    await begin(log, line(message="first"))
    position = log.feed.position()
    assert position is not None
    await log.feeds.close()
    for number in range(3):
        log.write(line("ERROR", f"error {number}"))
        log.rotate()
    log.write(line("WARNING"))
    again = Log(tmp_path)
    again.feed.resume_from(position)
    await again.feed.refresh()
    assert (again.feed.counts.errors, again.feed.counts.warnings) == (3, 1)


async def test_after_a_restart_another_file_with_the_same_inode_is_not_taken_for_the_old_one(
    log: Log, tmp_path: Path
) -> None:
    await begin(log, line(message="old", ago=7200), line(message="old"))
    position = log.feed.position()
    assert position is not None
    await log.feeds.close()
    log.path.write_text(line("ERROR") * 5)  # same inode, other content, longer
    again = Log(tmp_path)
    again.feed.resume_from(position)
    await again.feed.refresh()
    assert again.feed.counts.errors == 5


async def test_a_writer_who_is_faster_than_the_reader_does_not_keep_it_for_ever(log: Log) -> None:
    log.feed.subscribe({"all": "hello"}, lambda hit: log.write(line(message="hello, too")))
    await log.feed.refresh()
    log.write(line(), line())
    await log.feed.refresh()
    assert log.feed.counts.lines == 2
    await log.feed.refresh()
    assert log.feed.counts.lines == 4


async def test_a_disk_that_cannot_be_read_for_a_while_loses_and_doubles_nothing(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(log, line())
    log.write(line("ERROR"))
    await log.feed.refresh()
    log.write(line("ERROR"))

    def stale(*_: object) -> bytes:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as broken:
        broken.setattr(os, "pread", stale)
        for _ in range(3):
            await log.feed.refresh()
            assert (availability(log), "Stale" in log.feed.state.reason) == (Availability.REFUSED, True)
    log.write(line("ERROR"))
    await log.feed.refresh()
    assert (availability(log), log.feed.counts.errors) == (Availability.READABLE, 3)


async def test_of_very_many_renamed_logs_the_newest_are_looked_at(log: Log) -> None:
    await begin(log, line())
    log.rotate()
    for number in range(100, 400):
        log.path.with_name(f"bot.log.{number}").write_text("old\n")
        os.utime(log.path.with_name(f"bot.log.{number}"), (1, 1))
    log.write(line("ERROR"))
    await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors) == (1, 1)
