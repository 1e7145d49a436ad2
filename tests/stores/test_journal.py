"""The journal holds what was acknowledged, whatever happened to its last line."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from opsbot.domain.moment import Moment
from opsbot.errors import StoreUnavailable
from opsbot.stores.base import Batch
from opsbot.stores.journal import Journal
from tests.stores import examples as ex

NOW = Moment(1000.0, 1_767_625_440.0)


def batch(number: int, text: str = "restarting it") -> Batch:
    return Batch("run-1", number, "boot-1", NOW, (ex.said(1, NOW, text), ex.alert(NOW), ex.act(NOW)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_what_is_appended_is_read_by_the_next_opsbot(path: Path) -> None:
    Journal(path).append([batch(1), batch(2)])
    Journal(path).append([batch(3)])
    assert Journal(path).read() == [batch(1), batch(2), batch(3)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_cleared_journal_is_gone(path: Path) -> None:
    journal = Journal(path)
    journal.append([batch(1)])
    journal.clear()
    assert journal.read() == []
    assert not path.exists()
    journal.append([batch(2)])
    assert journal.read() == [batch(2)]


def test_without_a_file_nothing_waits(path: Path) -> None:
    journal = Journal(path)
    assert journal.read() == []
    journal.clear()


def test_at_whatever_byte_the_last_line_was_torn_the_others_are_read_and_new_ones_follow(path: Path) -> None:
    Journal(path).append([batch(1)])
    first = path.stat().st_size
    Journal(path).append([batch(2)])
    whole = path.read_bytes()
    for cut in {*range(first, len(whole), 37), first + 1, len(whole) - 1}:
        path.write_bytes(whole[:cut])
        assert Journal(path).read() == [batch(1)]
        Journal(path).append([batch(3)])
        assert Journal(path).read() == [batch(1), batch(3)]


def test_a_long_torn_line_is_gone_when_a_shorter_one_follows(path: Path) -> None:
    Journal(path).append([batch(1), batch(2, "x" * 5000)])
    path.write_bytes(path.read_bytes()[:-10])
    Journal(path).append([batch(3)])
    Journal(path).append([batch(4)])
    assert Journal(path).read() == [batch(1), batch(3), batch(4)]


def test_a_line_that_is_no_batch_is_passed_over(path: Path) -> None:
    Journal(path).append([batch(1)])
    with path.open("ab") as file:
        file.write(b'{"writer": 1}\n\xff\x00\n[]\n{"changes": [["Nothing", {}]]}\n')
    Journal(path).append([batch(2)])
    assert Journal(path).read() == [batch(1), batch(2)]


def test_it_is_bounded_and_keeps_what_it_has_when_full(path: Path) -> None:
    journal = Journal(path, limit=4000)
    for number in (1, 2, 3):
        journal.append([batch(number)])
    with pytest.raises(StoreUnavailable, match="is full"):
        journal.append([batch(4), batch(5), batch(6)])
    assert 2000 < path.stat().st_size <= 4000
    assert journal.read() == [batch(1), batch(2), batch(3)]


def test_a_symbolic_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable):
        Journal(path).append([batch(1)])
    assert not (tmp_path / "elsewhere").exists()


def test_a_path_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="Is a directory"):
        Journal(tmp_path).append([batch(1)])
    with pytest.raises(StoreUnavailable, match="Is a directory"):
        Journal(tmp_path).read()


def test_text_of_any_kind_stays_in_its_line(path: Path) -> None:
    wild = 'a\nb\r\x00\ud800\u2028"}'
    Journal(path).append([batch(1, wild), batch(2)])
    assert Journal(path).read() == [batch(1, wild), batch(2)]
    assert path.read_bytes().count(b"\n") == 2
