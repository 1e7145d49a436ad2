"""Whichever engine is installed, the counts are the same."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsbot.logs._engine import Engine, Probe
from opsbot.logs._engines import Probes, fast
from opsbot.logs._lines import LineCutter, readable
from opsbot.logs._re2 import Re2Engine
from opsbot.logs._rewriting import rewritten
from opsbot.logs.formats import JsonFormat, PythonFormat
from opsbot.logs.patterns import LINE_LIMIT, check_pattern, trimmed
from tests.logs.support import Log, line

ATOMS = (
    "a", "b", "k", "s", "S", "ERROR", " ", ".", "x", "1", r"\.", "é", "€", "☃", r"\d", r"\w", r"\s", r"\D",
    r"\W", r"\S", "[a-c]", "[^a]", "[^ ]", r"[\w.-]", r"[^\s]", "[]x]", "[-a]", r"\x41", r"\t", r"\\", "[é]",
    "[^é]", "[^k]", r"[\Wk]", "{", "}", "]", r"\x00", "-", ":", r"\pL", "[[:alpha:]]", "\u212a", "\u017f",
    r"[\x00-\x7f]",
)  # fmt: skip
BORDERS = ("^", "$", r"\b", r"\B", "")
REPEATS = ("", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,2}", "{2,}", "{,2}")
GROUPS = ("(%s)", "(?:%s)", "(?i:%s)", "(?P<n>%s)", "(?s:%s)", "(?i)%s", "(%s|b)", "(?U:%s)", "(?i:(?-i:%s))")

PIECES = (
    b"a", b"b", b"c", b"k", b"K", b"s", b"x", b"1", b" ", b".", b"_", b"-", b"ERROR", b"error", b"\t",
    b"\x0b", b"\x00", b"\r", b"\r\n", b"\n", b"\n", b"\n", b"\xff", b"\xc3", b"\xe2\x82", b"\x1b[31m", b"{",
    b"\\", b"\x7f", "é".encode(), "É".encode(), "€".encode(), "☃".encode(), "🚨".encode(), "\u212a".encode(),
    "\u017f".encode(), b"\xa9", b"\xed\xa0\x80", b"\xf5", b"2026-01-05 15:04:21,123 - src.main - ERROR - x",
    b"WARNING:a:b", b'{"level": 40}',
)  # fmt: skip


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeated = st.tuples(inner, st.sampled_from(REPEATS)).map(lambda two: f"(?:{two[0]}){two[1]}")
    grouped = st.tuples(st.sampled_from(GROUPS), inner).map(lambda two: two[0] % two[1])
    either = st.lists(inner, min_size=2, max_size=3).map("|".join)
    return repeated | grouped | either | st.lists(inner, max_size=4).map("".join)


ATOM = st.tuples(st.sampled_from(ATOMS), st.sampled_from(REPEATS)).map("".join)
PATTERN = st.recursive(ATOM | st.sampled_from(BORDERS), _grown, max_leaves=8)
BYTES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=60).map(b"".join)


def usable(pattern: str) -> bool:
    """Whether a configuration may have it."""
    try:
        check_pattern(pattern)
    except ValueError:
        return False
    return True


def reference(patterns: list[str], chunk: bytes) -> list[list[int]]:
    """Every pattern on every line, one after the other."""
    found: list[list[int]] = [[] for _ in patterns]
    end = -1
    for text in chunk.split(b"\n")[:-1]:
        end += len(text) + 1
        for number, pattern in enumerate(patterns):
            if re2.search(f"(?m:{pattern})".encode(), text):
                found[number].append(end)
    return found


def lines_of(data: bytes, pieces: list[int]) -> list[bytes]:
    """Chunks as a feed reads them, cut anywhere."""
    cutter, chunks, rest = LineCutter(), [], data
    for size in pieces:
        chunks.append(cutter.feed(rest[:size]))
        rest = rest[size:]
    chunks += [cutter.feed(rest), cutter.finish()]
    return [trimmed(readable(chunk)) for chunk in chunks]


def hyperscan_engine(probes: Probes) -> Engine:
    engine = fast(probes)
    assert engine is not None
    return engine


HAS_HYPERSCAN = importlib.util.find_spec("hyperscan") is not None or bool(
    os.environ.get("OPSBOT_TEST_REQUIRE_ALL")
)
MISSING = pytest.mark.skipif(not HAS_HYPERSCAN, reason="hyperscan is not installed")
LEVELS = (*PythonFormat().probes(), *JsonFormat().probes())
made_once = functools.cache(lambda make, probes: make(probes))
ENGINES = pytest.mark.parametrize(
    "make",
    [pytest.param(Re2Engine, id="re2"), pytest.param(hyperscan_engine, id="hyperscan", marks=MISSING)],
)
Make = Callable[[Probes], Engine]


@ENGINES
@example(["(?i)k", "(?i:[s])x", r"(?i)\w"], "\u212a\n\u017fx\n☃\n".encode(), [])
@example(["^[^a].+$", "^..$", ".+.+$", "^.$|^$"], "€\n\n€é\n€€\n".encode(), [1])
@example(["a$", "(b|c$)", "^$", "$", "x(y$|z)", "d$e"], b"a\n\nc\nb\ncx\nxy\n", [3])
@given(
    patterns=st.lists(PATTERN.filter(usable), min_size=1, max_size=5),
    data=BYTES,
    cuts=st.lists(st.integers(0, 40)),
)
@settings(max_examples=400, deadline=None)
def test_an_engine_finds_what_a_search_of_every_line_finds(
    make: Make, patterns: list[str], data: bytes, cuts: list[int]
) -> None:
    engine = make(tuple(Probe(pattern) for pattern in patterns))
    for chunk in lines_of(data, cuts):
        assert engine.ends(chunk) == reference(patterns, chunk)


@ENGINES
@given(data=BYTES)
@settings(max_examples=200, deadline=None)
def test_levels_are_the_same_for_every_engine(make: Make, data: bytes) -> None:
    engine = made_once(make, LEVELS)
    for chunk in lines_of(data, []):
        assert engine.ends(chunk) == reference([probe.exact for probe in LEVELS], chunk)


@ENGINES
@given(st.lists(st.integers(0, 200), max_size=300), st.sampled_from([b"x", b"\r", b"\x00", "é".encode()]))
@settings(deadline=None)
def test_every_engine_counts_lines_alike(make: Make, lengths: list[int], filling: bytes) -> None:
    engine = made_once(make, LEVELS)
    chunk = b"".join(filling * length + b"\n" for length in lengths)
    assert engine.lines(chunk) == len(lengths)


@ENGINES
@given(st.integers(-4, 4), st.sampled_from([b"x", "é".encode(), "€".encode(), b"\xff"]))
@settings(deadline=None)
def test_a_line_at_the_limit_of_its_length_is_the_same_for_every_engine(
    make: Make, more: int, filling: bytes
) -> None:
    patterns = ["^.*$", "end", "begin.*$", "[^x]$", "x$"]
    engine = make(tuple(Probe(pattern) for pattern in patterns))
    long = b"begin" + filling * ((LINE_LIMIT + more) // len(filling)) + b"end\n"
    for chunk in lines_of(b"end\n" + long + b"begin\n" + long, []):
        assert engine.ends(chunk) == reference(patterns, chunk)


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR",
        r"openrouter\.ai.*200 OK",
        "(?i:gateway|ready)",
        r"^\[[^]]+\] (WARN|ERROR)\b",
        r"\bTraceback$",
        "é",
    ],
)
def test_what_people_write_is_for_the_fast_engine(pattern: str) -> None:
    assert rewritten(pattern) is not None


def test_levels_are_for_the_fast_engine() -> None:
    assert all(rewritten(probe.exact) for probe in (*PythonFormat().probes(), *JsonFormat().probes()))


def grow(log: Log, number: int) -> None:
    """3 MB more, of which every hundredth line is an error."""
    log.write((line("ERROR", f"number {number}") + line() * 99) * 600)


@pytest.mark.parametrize("installed", [True, False])
async def test_a_log_with_much_to_read_is_counted_on_whichever_engine_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    taken: list[Engine | None] = []

    def noted(probes: Probes) -> Engine | None:
        taken.append(fast(probes))
        return taken[-1]

    monkeypatch.setattr("opsbot.logs.patterns.fast", noted)
    if not installed:
        monkeypatch.setitem(sys.modules, "hyperscan", None)
    elif not HAS_HYPERSCAN:
        pytest.skip("hyperscan is not installed")
    log = Log(tmp_path)
    log.want(number=r"number \d$")
    log.write(line())
    await log.feed.refresh()
    for number in range(4):
        grow(log, number)
        await log.feed.refresh()
    assert [engine is not None for engine in taken] == [installed]
    assert (log.feed.counts.lines, log.feed.counts.errors) == (4 * 60_000, 4 * 600)
    assert log.messages == [f"number {number}" for number in range(4) for _ in range(600)]


@MISSING
async def test_a_quiet_log_never_pays_for_the_fast_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsbot.logs.patterns.fast", lambda probes: pytest.fail(f"made for {probes}"))
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    for _ in range(20):
        log.write(line("ERROR") * 1000)
        await log.feed.refresh()
    assert log.feed.counts.errors == 20_000
