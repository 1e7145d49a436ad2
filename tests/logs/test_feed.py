"""One feed, many who want to know."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from opsbot.logs.files import LOOK_BACK, ONE_LOOK
from opsbot.logs.formats import PythonFormat
from tests.logs.support import Log, line


async def test_checks_of_one_file_share_its_feed(tmp_path: Path) -> None:
    log = Log(tmp_path)
    assert log.feeds.open(log.path, PythonFormat()) is log.feed
    assert log.feeds.open(tmp_path / "other.log", PythonFormat()) is not log.feed


async def test_the_first_look_tells_what_was_before_without_counting_it(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.want(ready="Bot is ready")
    log.write(line(message="Bot is ready", ago=90))
    await log.feed.refresh()
    (hit,) = log.hits
    assert hit.at is not None
    assert not hit.counted
    assert log.clock.now().since(hit.at) == pytest.approx(90 - 0.123)
    log.write(line(message="Bot is ready"))
    await log.feed.refresh()
    assert [hit.counted for hit in log.hits] == [False, True]


async def test_the_first_look_reads_a_bounded_part_of_a_long_log(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.want(number="message")
    filler = [line(message=f"message {number}") for number in range(LOOK_BACK // 40)]
    log.write(*filler)
    await log.feed.refresh()
    assert 0 < len(log.hits) <= LOOK_BACK // len(filler[0]) + 1
    assert log.messages[-1] == f"message {len(filler) - 1}"


async def test_who_looks_once_counts_the_newest_part_and_says_how_much(tmp_path: Path) -> None:
    log = Log(tmp_path, one_shot=True)
    one = line("ERROR")
    log.write(one * (2 * ONE_LOOK // len(one)))
    await log.feed.refresh()
    assert log.feed.counts.errors == ONE_LOOK // len(one)
    assert (log.feed.coverage.tail_bytes, log.feed.coverage.whole) == (ONE_LOOK, False)


async def test_who_looks_once_at_a_short_log_counts_all_of_it(tmp_path: Path) -> None:
    log = Log(tmp_path, one_shot=True)
    log.want(bad="ERROR")
    log.write(line("ERROR"), line("WARNING"))
    await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors, log.feed.coverage.whole) == (2, 1, True)
    assert [hit.counted for hit in log.hits] == [True]


async def test_a_line_without_a_time_of_before_has_no_moment(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.want(x="x")
    log.write("x\n")
    await log.feed.refresh()
    log.write("x\n")
    await log.feed.refresh()
    assert [hit.at for hit in log.hits] == [None, log.clock.now()]


async def test_a_line_from_the_future_is_of_now(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.want(x="x")
    log.write(line(message="x", ago=-3600))
    await log.feed.refresh()
    assert [hit.at for hit in log.hits] == [log.clock.now()]


async def test_many_who_ask_at_once_read_a_line_once(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    log.write(line("ERROR") * 3000)
    await asyncio.gather(*(log.feed.refresh() for _ in range(10)))
    assert log.feed.counts.errors == 3000


async def test_a_look_that_was_cancelled_loses_and_doubles_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    log.write(line("ERROR") * 20_000)
    look = asyncio.ensure_future(log.feed.refresh())
    await asyncio.sleep(0)
    look.cancel()
    await asyncio.wait([look])
    log.write(line("ERROR"))
    await log.feed.refresh()
    await log.feed.refresh()
    assert log.feed.counts.errors == 20_001


async def test_the_last_subscriber_closes_the_file(tmp_path: Path) -> None:
    log = Log(tmp_path)
    feed = log.feeds.open(tmp_path / "other.log", PythonFormat())
    one, two = feed.subscribe({}), feed.subscribe({})
    one.close()
    assert log.feeds.open(tmp_path / "other.log", PythonFormat()) is feed
    two.close()
    assert log.feeds.open(tmp_path / "other.log", PythonFormat()) is not feed


async def test_who_comes_later_also_learns_what_was_before(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(line(message="Bot is ready"))
    await log.feed.refresh()
    log.write(line(message="Bot is ready"))
    await log.feed.refresh()
    log.want(ready="Bot is ready")
    log.write(line(message="Bot is ready"))
    await log.feed.refresh()
    assert [hit.counted for hit in log.hits] == [False, False, True]
