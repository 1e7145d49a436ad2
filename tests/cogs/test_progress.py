"""What changes fast is shown at a bearable pace, and its end for certain."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from cogs._ui.progress import FINAL_TRIES, show_progress
from opsbot.testing import VirtualClock


async def at(clock: VirtualClock, *moments: float) -> AsyncIterator[float]:
    """The moments themselves, each when it comes."""
    for moment in moments:
        await clock.sleep(1000.0 + moment - clock.now().mono)
        yield moment


async def test_states_between_two_edits_are_dropped_and_the_last_is_shown() -> None:
    clock, seen = VirtualClock(), list[tuple[float, float | None]]()

    async def show(state: float | None) -> None:
        seen.append((clock.now().mono - 1000.0, state))

    stream = at(clock, 0.1, 0.2, 0.3, 0.9, 2.5, 2.6)
    running = asyncio.create_task(show_progress(stream, show, clock, 1.0))
    await clock.advance(10)
    assert await running == 2.6
    assert [state for _, state in seen] == [0.1, 0.9, 2.5, 2.6]
    assert all(later - earlier >= 1.0 for (earlier, _), (later, _) in itertools.pairwise(seen))


async def test_a_state_that_could_not_be_shown_is_passed_over_but_the_last_is_repeated() -> None:
    clock, tried = VirtualClock(), list[float | None]()

    async def show(state: float | None) -> None:
        tried.append(state)
        if len(tried) < 4:
            raise OSError("no network")

    running = asyncio.create_task(show_progress(at(clock, 0.1, 5.0), show, clock, 1.0))
    await clock.advance(20)
    await running
    assert tried == [0.1, 5.0, 5.0, 5.0]


async def test_a_last_state_that_can_never_be_shown_is_given_up() -> None:
    clock, tried = VirtualClock(), list[float | None]()

    async def show(state: float | None) -> None:
        tried.append(state)
        raise OSError("no network")

    running = asyncio.create_task(show_progress(at(clock, 0.1), show, clock, 1.0))
    await clock.advance(60)
    assert await running == 0.1
    assert len(tried) == 1 + FINAL_TRIES


async def test_a_stream_that_breaks_is_told() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ValueError("gone")

    async def show(_: int | None) -> None: ...

    clock = VirtualClock()
    running = asyncio.create_task(show_progress(broken(), show, clock, 1.0))
    await clock.advance(5)
    with pytest.raises(ExceptionGroup) as caught:
        await running
    assert "gone" in str(caught.value.exceptions[0])
