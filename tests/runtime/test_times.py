"""Times of a cron expression: each once, whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opsbot.runtime.times import Times
from tests.zones import BERLIN, berlin, in_zone, shown

HOUR = 3600.0


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    with in_zone(BERLIN):
        yield


def seen(times: Times, start: float, end: float, step: float = 60.0) -> list[str]:
    """When the times come, looked at each minute; in local time with its offset."""
    found, now = [], start
    while now <= end:
        if times.come(now):
            found.append(shown(now))
        now += step
    return found


def test_a_daily_time_comes_once_a_day() -> None:
    start = berlin("2026-01-05T12:00")
    assert seen(Times("0 2 * * *", start), start, start + 48 * HOUR) == ["06 02:00 +0100", "07 02:00 +0100"]


def test_the_wait_is_until_the_next_time() -> None:
    start = berlin("2026-01-05T01:30")
    assert Times("0 2 * * *", start).wait(start) == 1800.0


def test_an_hour_that_spring_skips_is_made_up_for_once() -> None:
    start = berlin("2026-03-28T12:00")
    found = seen(Times("30 2 * * *", start), start, start + 40 * HOUR)
    assert found == ["29 03:30 +0200", "30 02:30 +0200"]


def test_an_hour_that_autumn_repeats_counts_once() -> None:
    start = berlin("2026-10-24T12:00")
    found = seen(Times("30 2 * * *", start), start, start + 40 * HOUR)
    assert found == ["25 02:30 +0200", "26 02:30 +0100"]


def test_a_clock_set_forward_by_years_makes_one_time_come() -> None:
    start = berlin("2026-01-05T12:00")
    times = Times("0 2 * * *", start)
    later = berlin("2036-01-05T12:00")
    assert times.come(later)
    assert not times.come(later + 60)
    assert times.wait(later + 60) == 14 * HOUR - 60


def test_a_clock_set_back_by_years_goes_on_from_there() -> None:
    start = berlin("2026-01-05T12:00")
    times = Times("0 2 * * *", start)
    earlier = berlin("2016-01-05T12:00")
    assert not times.come(earlier)
    assert times.wait(earlier) == 14 * HOUR


def test_a_clock_set_back_by_minutes_repeats_nothing() -> None:
    start = berlin("2026-01-05T01:59")
    times = Times("0 2 * * *", start)
    assert times.come(start + 60)
    assert not times.come(start + 30)
    assert not times.come(start + 60)
