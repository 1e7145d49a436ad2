"""The performance monitor's loop: even looks, bounded, on an injected clock."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest

from opsbot.domain.performance import Performance
from opsbot.errors import UsageError
from opsbot.runtime.recording import looks_of, record
from opsbot.runtime.spans import from_to, moment, seconds_of
from opsbot.testing.clock import VirtualClock

NOW = 1_767_625_440.0  # 2026-01-05 15:04:00 UTC


async def recorded(duration: float, interval: float, look_takes: float = 0.0) -> list[float]:
    """When it looked, in seconds since it began."""
    clock = VirtualClock()
    began, at = clock.now(), list[float]()

    async def look() -> Performance:
        at.append(clock.now().since(began))
        await clock.sleep(look_takes)
        return Performance(clock.now().wall)

    async def all_of() -> None:
        async for _ in record(look, clock, duration, interval):
            pass

    task = asyncio.create_task(all_of())
    for _ in range(int(4 * duration / interval) + 20):
        await clock.advance(interval / 2)
    assert task.done()
    await task
    return at


async def test_it_looks_at_once_and_then_at_even_times() -> None:
    assert await recorded(600.0, 60.0) == [60.0 * n for n in range(10)]


async def test_a_slow_look_costs_those_that_it_overlaps_and_the_rhythm_stays() -> None:
    assert await recorded(10.0, 1.0, look_takes=2.5) == [0.0, 3.0, 6.0, 9.0]


@pytest.mark.parametrize(
    ("duration", "interval", "count"), [(3600, 60, 60), (10, 3, 4), (1, 1, 1), (0.3 * 3 + 1, 1.9, 1)]
)
def test_the_number_of_looks_is_known_before(duration: float, interval: float, count: int) -> None:
    assert looks_of(duration, interval) == count


@pytest.mark.parametrize(
    ("duration", "interval"),
    [(10, 0), (10, 0.5), (1, 2), (8 * 86_400, 60), (7 * 86_400, 1), (float("nan"), 1), (10, float("nan"))],
)
def test_a_recording_has_bounds(duration: float, interval: float) -> None:
    with pytest.raises(UsageError):
        looks_of(duration, interval)


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("now", NOW),
        ("3h ago", NOW - 10_800),
        ("90m", NOW - 5400),
        ("14:30", NOW - 34 * 60),
        ("15:05", NOW - 86_400 + 60),
        ("2026-01-05 14:00", NOW - 3840),
        ("2026-01-05T14:00", NOW - 3840),
        ("2026-01-05", NOW - 15 * 3600 - 240),
    ],
)
def test_times_are_read_as_people_write_them(text: str, wall: float) -> None:
    assert moment(text, NOW, UTC, "from") == wall


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "14:60", "2026-02-30", "2026-01-05 14", "１４:30", "9" * 400]
)
def test_what_is_no_time_is_explained(text: str) -> None:
    with pytest.raises(UsageError, match="`to` is a time such as"):
        moment(text, NOW, None, "to")


def test_from_and_to_make_a_window() -> None:
    both = from_to(3600.0, "14:00", "15:00", NOW, UTC)
    assert (both.seconds, both.until) == (3600.0, NOW - 240)
    only_to = from_to(600.0, None, "15:00", NOW, UTC)
    assert (only_to.seconds, only_to.until) == (600.0, NOW - 240)
    assert from_to(600.0, None, None, NOW).until is None
    with pytest.raises(UsageError, match="before `to`"):
        from_to(600.0, "15:00", "14:00", NOW, UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("15m", 900), ("24h", 86_400), ("30d", 2_592_000), (" 1 h ", 3600)]
)
def test_spans_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
