"""The live file and its archives are one log, and what is missing of it is said."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from opsbot.analysis.budget import Budget, Cancelled
from opsbot.analysis.scan import look
from opsbot.domain.logs import Errors, Hourly, Lines, Question, Topic, Usage
from opsbot.errors import UsageError
from opsbot.logs.formats import JsonFormat
from tests.analysis.kit import DAY, Place, guide_lines, stamp

NOW = float(int(time.time()))


def three_days(place: Place) -> list[str]:
    """Two archives and a live file of a day each; all lines."""
    days = [guide_lines(1000, NOW - DAY * ago, seed=ago) for ago in (2, 1, 0)]
    place.archive(days[0], NOW - 2 * DAY)
    place.archive(days[1], NOW - DAY)
    place.write(days[2])
    return [line for day in days for line in day]


def found_lines(place: Place, **more: Any) -> Lines:
    result = place.ask(Topic.SEARCH, **more).result
    assert isinstance(result, Lines)
    return result


def test_archives_are_searched_too_and_the_lines_stand_in_order(tmp_path: Path) -> None:
    place = Place(tmp_path)
    every = three_days(place)
    found = found_lines(place, pattern=".", lines=10_000)
    assert list(found.lines) == every


def test_the_newest_lines_reach_back_into_the_archives(tmp_path: Path) -> None:
    place = Place(tmp_path)
    every = three_days(place)
    looked = place.ask(Topic.TAIL, lines=1500)
    assert isinstance(looked.result, Lines)
    assert list(looked.result.lines) == every[-1500:]
    assert len(looked.files) == 2


def test_a_window_leaves_out_archives_of_before_and_lines_of_before(tmp_path: Path) -> None:
    place = Place(tmp_path)
    every = three_days(place)
    since = NOW - 1.5 * DAY
    looked = place.ask(Topic.SEARCH, pattern=".", lines=10_000, since=since)
    assert isinstance(looked.result, Lines)
    assert list(looked.result.lines) == [line for line in every if line[:23] >= stamp(since)[:19]]
    assert len(looked.files) == 2


def test_in_a_long_log_reading_begins_where_the_window_does(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(guide_lines(50_000, NOW))
    since = NOW - 600
    looked = place.ask(Topic.SEARCH, pattern=".", lines=10_000, since=since)
    assert isinstance(looked.result, Lines)
    lines = place.log.path.read_text().splitlines()
    assert list(looked.result.lines) == [line for line in lines if line >= stamp(since)[:19]]
    assert looked.read < place.log.path.stat().st_size / 10


def test_the_lines_of_a_traceback_belong_to_the_time_above_them(tmp_path: Path) -> None:
    place = Place(tmp_path)
    old, new = stamp(NOW - 7200), stamp(NOW - 60)
    trace = ["Traceback (most recent call last):", '  File "x.py", line 1', "src.errors.APIError: no"]
    place.write([f"{old} - a - ERROR - broke", *trace, f"{new} - a - ERROR - broke", *trace])
    assert found_lines(place, pattern="^src", since=NOW - 3600).total == 1
    errors = place.ask(Topic.ERRORS, since=NOW - 3600).result
    assert isinstance(errors, Errors)
    assert errors.types == (("APIError", 1),)


def test_a_long_traceback_keeps_its_time_over_the_pieces_in_which_a_log_is_read(tmp_path: Path) -> None:
    place = Place(tmp_path)
    frames = [f'  File "x.py", line {n} {"x" * 80}' for n in range(5000)]
    old, new = stamp(NOW - 7200), stamp(NOW - 60)
    place.write([f"{old} - a - ERROR - broke", *frames, f"{new} - a - ERROR - broke", *frames[:10]])
    looked = place.ask(Topic.SEARCH, pattern="File", lines=10, since=NOW - 3600)
    assert isinstance(looked.result, Lines)
    assert looked.result.total == 10
    assert looked.notes == ()


def test_a_file_that_cannot_be_read_any_more_is_said_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    three_days(place)
    real = os.pread

    def broken(fd: int, length: int, offset: int) -> bytes:
        if Path(f"/proc/self/fd/{fd}").readlink() == place.log.path:
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, length, offset)

    monkeypatch.setattr(os, "pread", broken)
    looked = place.ask(Topic.TAIL, lines=50)
    assert isinstance(looked.result, Lines)
    assert len(looked.result.lines) == 50
    assert looked.notes == ("bot.log could not be read to its end: Input/output error.",)


def test_lines_without_any_time_are_counted_and_that_is_said(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(["ERROR:root:broke"] * 3)
    looked = place.ask(Topic.HOURLY, since=NOW - 60)
    assert isinstance(looked.result, Hourly)
    assert looked.result.untimed == 3
    assert "3 of the lines have no time" in looked.notes[0]


def test_what_was_set_aside_and_not_packed_yet_is_read_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(["a"])
    aside = place.log.path.with_name("bot.log" + time.strftime(".%Y%m%d_%H%M%S", time.localtime(NOW - 60)))
    place.log.path.rename(aside)
    place.write(["b"])
    assert found_lines(place, pattern=".").lines == ("a", "b")
    os.link(place.log.path, str(aside) + ".2")  # the live file under a second name
    assert found_lines(place, pattern=".").lines == ("a", "b")


def test_a_damaged_archive_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    place = Place(tmp_path)
    three_days(place)
    oldest = sorted(place.log.archive_dir.iterdir())[0]
    oldest.write_bytes(oldest.read_bytes()[:-200])
    looked = place.ask(Topic.USAGE)
    assert isinstance(looked.result, Usage)
    assert looked.result.total > 0
    assert looked.notes == (f"{oldest.name}: it is damaged or was cut off; what could be unpacked was read.",)
    oldest.write_bytes(b"nothing of gzip")
    assert "damaged" in place.ask(Topic.TAIL, lines=5000).notes[0]


def test_an_archive_that_is_a_link_to_elsewhere_is_left_out(tmp_path: Path) -> None:
    place = Place(tmp_path)
    three_days(place)
    (tmp_path / "shadow.gz").write_bytes(b"x")
    link = place.log.archive_dir / "bot_20260101_000000.log.gz"
    link.symlink_to(tmp_path / "shadow.gz")
    assert "left out" in place.ask(Topic.USAGE).notes[0]


def test_a_log_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with pytest.raises(UsageError, match=r"There is no log: .*bot\.log does not exist"):
        place.ask(Topic.ERRORS)
    place.archive(guide_lines(10, NOW - DAY), NOW - DAY)
    assert "what was archived was read" in place.ask(Topic.TAIL).notes[0]
    place.log.path.mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        place.ask(Topic.ERRORS)


@pytest.mark.parametrize("topic", [topic for topic in Topic if topic is not Topic.SEARCH])
def test_an_empty_log_has_nothing_of_anything(tmp_path: Path, topic: Topic) -> None:
    place = Place(tmp_path)
    place.write([])
    assert place.ask(topic).notes == ()


def test_what_may_not_be_read_any_more_is_the_oldest_and_is_said(tmp_path: Path) -> None:
    place = Place(tmp_path)
    every = three_days(place)
    size = place.log.path.stat().st_size
    looked = place.ask(Topic.SEARCH, pattern=".", lines=10_000, most_bytes=size + 1000)
    assert isinstance(looked.result, Lines)
    assert set(every[-1000:]) <= set(looked.result.lines)
    assert "Not everything was counted" in looked.notes[0]
    assert "1 older file not at all" in looked.notes[0]
    less = place.ask(Topic.TAIL, lines=10, most_bytes=1000)
    assert "Not everything" in less.notes[0]
    part = place.ask(Topic.ERRORS, most_bytes=size // 2)
    assert "Of bot.log only the last" in part.notes[0]


def test_nobody_waits_for_a_look_that_was_given_up(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(guide_lines(5000, NOW))
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        look(place.subject, Question(Topic.ERRORS), Budget(60, 1 << 30, stop=stop))


def test_a_pattern_that_is_none_is_explained_and_a_text_may_be_anything(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(["a (b", "a b"])
    with pytest.raises(UsageError, match=r"`a \(b` is no pattern .* choose `plain`"):
        place.ask(Topic.SEARCH, pattern="a (b")
    assert found_lines(place, pattern="a (b", plain=True).lines == ("a (b",)


def test_a_search_does_not_tell_a_secret_letter_by_letter(tmp_path: Path) -> None:
    place = Place(tmp_path)
    token = "ghp_" + "aB3" * 12
    place.write([f"using {token}", "using nothing"])
    assert found_lines(place, pattern="using").total == 2
    for guess in ("ghp_", "ghp_a", token, ".*B3a", "using g"):
        assert found_lines(place, pattern=guess).total == 0


@pytest.mark.timeout(20)
def test_a_pattern_made_to_take_for_ever_does_not(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(["a" * 60_000 + "!"] * 20)
    assert found_lines(place, pattern="^(a+)+$").total == 0


def test_logs_in_json_are_understood(tmp_path: Path) -> None:
    place = Place(tmp_path, format=JsonFormat())
    line = '{"level": "%s", "message": "APIError: no", "logger": "a", "timestamp": "2026-01-05T15:04:21"}'
    place.write([line % "error", line % "info", line % "fatal"])
    errors = place.ask(Topic.ERRORS).result
    assert isinstance(errors, Errors)
    assert errors.levels == {"ERROR": 1, "CRITICAL": 1}
    assert errors.types == (("APIError", 2),)
