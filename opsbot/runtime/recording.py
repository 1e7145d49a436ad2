"""The performance monitor: looks at even times, for as long as was asked."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable

from opsbot.clock import Clock
from opsbot.domain.performance import Performance
from opsbot.errors import UsageError

SHORTEST, LONGEST = 1.0, 7 * 86_400.0
"""Seconds between two looks, and of a whole recording."""

MOST = 20_000
"""Looks of one recording: they are kept in memory until its end."""


def looks_of(duration: float, interval: float) -> int:
    """How many looks a recording has.

    Raises:
        UsageError: it is too long, too short or too dense.
    """
    if not SHORTEST <= interval <= LONGEST:
        raise UsageError("The interval is at least 1 second.")
    if not interval <= duration <= LONGEST:
        raise UsageError("The duration is at least one interval and at most 7 days.")
    count = math.ceil(duration / interval - 1e-9)
    if count > MOST:
        raise UsageError(f"That would be {count:,} samples: at most {MOST:,}, so take a longer interval.")
    return count


async def record(
    look: Callable[[], Awaitable[Performance]], clock: Clock, duration: float, interval: float
) -> AsyncGenerator[Performance, None]:
    """Looks at once and then every `interval` seconds, for `duration` seconds; ends with the last look. One
    that takes longer than an interval costs those that it overlaps.

    Raises:
        UsageError: see `looks_of`.
    """
    count, began, number = looks_of(duration, interval), clock.now(), 0
    while True:
        yield await look()
        passed = clock.now().since(began)
        number = max(number + 1, math.ceil(passed / interval - 1e-9))
        if number >= count:
            return
        await clock.sleep(began.after(number * interval).mono - clock.now().mono)
