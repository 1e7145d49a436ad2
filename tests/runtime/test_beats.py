"""Heartbeats that are heard: kept over a restart, and told apart by nothing but their secrets."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from opsbot.domain.heartbeat import Signal
from opsbot.runtime import beat_file
from opsbot.runtime.beats import BURST, Answer, Beats, digest
from opsbot.testing.clock import VirtualClock
from tests.bound import BOUND

ONE, TWO = "first-secret-of-all", "second-secret-of-all"


def nothing() -> None:
    """Asks for no look."""


def beats(folder: Path, clock: VirtualClock, *secrets: str, wake: Callable[[], None] = nothing) -> Beats:
    made = Beats(folder / beat_file.NAME, clock)
    made.load()
    made.follow({digest(secret): wake for secret in secrets or (ONE, TWO)})
    return made


@asynccontextmanager
async def at_work(heard: Beats, clock: VirtualClock) -> AsyncIterator[Beats]:
    working = asyncio.create_task(heard.run())
    await clock.settle()
    try:
        yield heard
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def written(heard: Beats, clock: VirtualClock) -> None:
    """Returns when what was heard is on disk."""
    async with asyncio.timeout(BOUND):
        while not heard.saved:
            await clock.advance(0.1)
            await asyncio.sleep(0.001)  # a thread writes it


async def test_what_was_heard_is_known_to_the_next_opsbot(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with at_work(beats(tmp_path, clock), clock) as heard:
        heard.signal(ONE, Signal.START)
        await clock.advance(90)
        assert heard.signal(ONE, Signal.ALIVE) is Answer.HEARD
        at = clock.now()
        await written(heard, clock)
        heard.signal(TWO, Signal.FAIL, "disk full")
        await written(heard, clock)
    again = beats(tmp_path, clock)
    one, two = again.of(ONE), again.of(TWO)
    assert one is not None
    assert two is not None
    assert (one.last, one.run, one.failed) == (at, 90.0, None)
    assert (two.last, two.text) == (None, "disk full")


async def test_what_came_last_is_written_when_opsbot_ends(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with at_work(beats(tmp_path, clock), clock) as heard:
        heard.signal(ONE, Signal.ALIVE)
        await written(heard, clock)
        heard.signal(TWO, Signal.ALIVE)  # within the same second: it waits for the next write
    await heard.close()
    found = beats(tmp_path, clock).of(TWO)
    assert found is not None
    assert found.last is not None


async def test_after_a_reboot_the_wall_clock_says_how_long_ago_it_was(tmp_path: Path) -> None:
    clock = VirtualClock(mono=50_000)
    async with at_work(beats(tmp_path, clock), clock) as heard:
        heard.signal(ONE, Signal.ALIVE)
        await written(heard, clock)
        await heard.close()
        wall = clock.now().wall
    later = VirtualClock(mono=30, wall=wall + 3600, boot_id="boot-2")
    found = beats(tmp_path, later).of(ONE)
    assert found is not None
    assert found.last is not None
    assert later.now().since(found.last) == pytest.approx(3600, abs=5)


async def test_nobody_else_may_read_the_file_and_no_secret_is_in_it(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with at_work(beats(tmp_path, clock), clock) as heard:
        heard.signal(ONE, Signal.ALIVE)
        await written(heard, clock)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert ONE not in file.read_text()
    assert TWO not in file.read_text()


async def test_there_is_no_file_where_nothing_is_listened_for(tmp_path: Path) -> None:
    clock = VirtualClock()
    made = Beats(tmp_path / beat_file.NAME, clock)
    made.follow({})
    async with at_work(made, clock):
        await clock.advance(300)
    await made.close()
    assert list(tmp_path.iterdir()) == []


async def test_there_is_one_write_a_second_however_many_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []
    monkeypatch.setattr(beat_file, "write", lambda path, noted: times.append(noted.at.mono))
    clock = VirtualClock()
    async with at_work(beats(tmp_path, clock), clock) as heard:
        for _ in range(200):
            heard.signal(ONE, Signal.ALIVE)
            heard.signal(TWO, Signal.ALIVE)
            await clock.advance(0.05)
            await asyncio.to_thread(nothing)
    assert len(times) > 3
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


async def test_a_disk_that_is_full_costs_nothing_but_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, noted: beat_file.Noted) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(beat_file, "write", full)
    clock = VirtualClock()
    async with at_work(beats(tmp_path, clock), clock) as heard:
        assert heard.signal(ONE, Signal.ALIVE) is Answer.HEARD
        await written(heard, clock)
        found = heard.of(ONE)
        assert found is not None
        assert found.last is not None


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "7",
        '{"boot": "x", "at": {"mono": 1}}',
        '{"boot":"b","at":{"mono":1,"wall":NaN},"beats":{}}',
        '{"boot":"b","at":{"mono":1,"wall":1},"beats":{"a":{"since":"soon"}}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: str) -> None:
    (tmp_path / beat_file.NAME).write_text(damage)
    clock = VirtualClock()
    found = beats(tmp_path, clock).of(ONE)
    assert found is not None
    assert found.since == clock.now()


def test_another_secret_begins_anew_and_what_is_not_listened_for_is_forgotten(tmp_path: Path) -> None:
    clock = VirtualClock()
    heard = beats(tmp_path, clock, ONE)
    heard.signal(ONE, Signal.ALIVE)
    heard.follow({digest(TWO): nothing})
    assert heard.of(ONE) is None
    assert heard.signal(ONE, Signal.ALIVE) is Answer.NOBODY
    found = heard.of(TWO)
    assert found is not None
    assert found.last is None


def test_whoever_guesses_is_compared_with_every_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(known: str, given: str) -> bool:
        compared.append((known, given))
        return known == given

    heard = beats(tmp_path, VirtualClock())
    monkeypatch.setattr(hmac, "compare_digest", compare)
    for secret in (ONE, TWO, "a-guess-of-somebody", ""):
        compared.clear()
        heard.signal(secret, Signal.ALIVE)
        assert compared == [(digest(ONE), digest(secret)), (digest(TWO), digest(secret))]


async def test_signals_and_guesses_have_their_rate_and_guesses_cost_nobody_else_a_signal(
    tmp_path: Path,
) -> None:
    clock = VirtualClock()
    woken: list[int] = []
    heard = beats(tmp_path, clock, wake=lambda: woken.append(1))
    guesses = [heard.signal("a-guess-of-somebody", Signal.ALIVE) for _ in range(BURST + 5)]
    assert guesses == [Answer.NOBODY] * BURST + [Answer.TOO_OFTEN] * 5
    found = [heard.signal(ONE, Signal.ALIVE) for _ in range(BURST + 5)]
    assert found == [Answer.HEARD] * BURST + [Answer.TOO_OFTEN] * 5
    assert heard.signal(TWO, Signal.ALIVE) is Answer.HEARD
    assert len(woken) == BURST + 1
    await clock.advance(1.0)
    assert heard.signal(ONE, Signal.ALIVE) is Answer.HEARD


async def test_time_in_which_nothing_could_be_heard_is_known(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with at_work(beats(tmp_path, clock), clock) as heard:
        heard.signal(ONE, Signal.ALIVE)
        await written(heard, clock)
        assert heard.deaf is None
        await clock.advance(600)
        assert heard.deaf is None
    await heard.close()
    ended = clock.now()
    await clock.advance(7200)
    async with at_work(beats(tmp_path, clock), clock) as again:
        assert again.deaf is not None
        assert again.deaf.begin.mono == pytest.approx(ended.mono, abs=1)
        assert again.deaf.end == clock.now()
        clock.suspend(500)
        await clock.advance(120)
        assert again.deaf.end.mono - again.deaf.begin.mono > 490


def test_words_of_a_failure_are_bounded_and_readable(tmp_path: Path) -> None:
    heard = beats(tmp_path, VirtualClock())
    heard.signal(ONE, Signal.FAIL, "\x1b[31mred\x1b[0m\x00" + "x" * 100_000)
    found = heard.of(ONE)
    assert found is not None
    assert found.text.startswith("red")
    assert len(found.text) <= 2000
    json.dumps(found.text)
