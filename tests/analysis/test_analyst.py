"""Looking goes on in a thread, tells how far it is, and ends when nobody waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from opsbot.analysis import analyst, scan
from opsbot.analysis.analyst import TELL_EVERY, Analyst, subject_of
from opsbot.analysis.tallies import LINE, MOST, Newest
from opsbot.domain.logs import Lines, LogLook, LogProgress, Question, Topic
from opsbot.domain.target import Target
from opsbot.errors import UsageError
from tests.analysis.kit import Place, guide_lines

QUESTION = Question(Topic.SEARCH, pattern="no such line", seconds=60)


@pytest.fixture
def long(tmp_path: Path) -> Place:
    """A log in which progress is told three times."""
    place = Place(tmp_path)
    place.write(guide_lines(1000, time.time()))
    data = place.log.path.read_bytes()
    place.log.path.write_bytes(data * (3 * TELL_EVERY // len(data) + 2))
    return place


async def test_it_tells_how_far_it_is_and_at_last_the_answer(long: Place) -> None:
    async with aclosing(Analyst().ask(long.subject, QUESTION)) as states:
        said = [state async for state in states]
    progress = [state.read for state in said if isinstance(state, LogProgress)]
    assert progress == sorted(progress)
    assert len(progress) >= 3
    assert isinstance(said[-1], LogLook)
    assert said[-1].read == long.log.path.stat().st_size


async def test_the_event_loop_goes_on_meanwhile(long: Place) -> None:
    turns = states_seen = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(others())
    async with aclosing(Analyst().ask(long.subject, QUESTION)) as states:
        async for _ in states:
            states_seen += 1
    working.cancel()
    assert turns > 10 * states_seen, "looking in the loop itself would give others one turn a state"


async def test_reading_ends_when_nobody_waits_any_more(long: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[BaseException | None] = []

    def looked(*given: object) -> LogLook:
        try:
            found = scan.look(*given)  # type: ignore[arg-type]
        except BaseException as error:
            ends.append(error)
            raise
        ends.append(None)
        return found

    monkeypatch.setattr(analyst, "look", looked)
    async with aclosing(Analyst().ask(long.subject, QUESTION)) as states:
        await anext(states)
    assert [type(end).__name__ for end in ends] == ["Cancelled"]


async def test_only_so_many_look_at_once_and_the_others_wait(
    long: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def counted(real: Callable[..., LogLook]) -> Callable[..., LogLook]:
        def look(*given: object) -> LogLook:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            try:
                return real(*given)
            finally:
                with lock:
                    now -= 1

        return look

    monkeypatch.setattr(analyst, "look", counted(scan.look))
    shared = Analyst(at_once=2)

    async def one() -> None:
        async with aclosing(shared.ask(long.subject, QUESTION)) as states:
            async for _ in states:
                pass

    await asyncio.gather(*(one() for _ in range(5)))
    assert most == 2


async def test_a_mistake_comes_through_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no log"):
        async with aclosing(Analyst().ask(Place(tmp_path).subject, QUESTION)) as states:
            await anext(states)


def test_a_target_without_a_log_is_told_so() -> None:
    with pytest.raises(UsageError, match="give it a check of the type `log`"):
        subject_of(Target("bot", "Bot", (), ()))


def test_however_many_lines_were_asked_for_memory_is_bounded() -> None:
    newest = Newest(10**9)
    for n in range(MOST // LINE + 100):
        newest.add(f"{n} " + "x" * 5000)
    lines = newest.lines()
    assert sum(map(len, lines)) <= MOST
    assert lines[-1].startswith(f"{MOST // LINE + 99} ")


def test_a_search_for_everything_keeps_the_newest(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write([f"{n} " + "x" * 3000 for n in range(6000)])
    found = place.ask(Topic.SEARCH, pattern="x", lines=100_000).result
    assert isinstance(found, Lines)
    assert found.total == 6000
    assert found.lines[-1].startswith("5999 ")
    assert sum(map(len, found.lines)) <= MOST
