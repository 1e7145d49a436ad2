"""The output of containers, and events, put together from pieces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.supervisors._docker.streams import LOG_BYTES, Event, LogText, event_of


def piece(data: bytes, stream: int = 1) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def read(raw: bytes, count: int = 100, *, plain: bool = False, step: int = 1 << 30) -> list[str]:
    text = LogText(plain=plain)
    for at in range(0, len(raw), step):
        text.feed(raw[at : at + step])
    return text.lines(count)


@given(
    st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), max_size=8),
    st.integers(min_value=1, max_value=40),
)
def test_output_is_the_same_wherever_it_was_cut(lines: list[str], step: int) -> None:
    raw = b"".join(piece(f"{line}\n".encode(), 1 + at % 2) for at, line in enumerate(lines))
    assert read(raw, step=step) == lines


def test_only_the_newest_lines_are_given() -> None:
    raw = b"".join(piece(f"{n}\n".encode()) for n in range(10))
    assert read(raw, 3) == ["7", "8", "9"]
    assert read(raw, 0) == []


def test_a_terminal_has_no_pieces() -> None:
    assert read(b"one\r\ntwo\r\n", plain=True) == ["one", "two"]


def test_an_endless_line_is_cut_and_costs_no_memory() -> None:
    text = LogText(plain=False)
    for _ in range(64):
        text.feed(piece(b"x" * 65536))
    assert len(text.lines(10)[0]) <= LOG_BYTES


def test_the_line_that_was_cut_is_left_out() -> None:
    raw = piece(b"a" * LOG_BYTES) + piece(b"\nlast\n")
    assert read(raw) == ["last"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [(b"\x1b[31mred\x1b[0m\n", "red"), (b"bad \xff byte\n", "bad � byte"), (b"nul \x00\n", "nul ")],
)
def test_output_moves_no_cursor(raw: bytes, shown: str) -> None:
    assert read(piece(raw)) == [shown]


def test_a_death_is_read_in_dockers_words_and_in_podmans() -> None:
    attributes = {"exitCode": "137", "name": "bot"}
    for action in ("die", "died"):
        line = {"Action": action, "Actor": {"ID": "c0ffee", "Attributes": attributes}, "timeNano": 5}
        assert event_of(json.dumps(line).encode()) == Event("c0ffee", "die", 5, code=137)


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"7", b"\xff", b'{"Actor":7}', b'{"Action":"die","Actor":{"ID":"a"}}']
)
def test_what_is_no_event_is_none(line: bytes) -> None:
    assert event_of(line) is None
