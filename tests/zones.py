"""The machine's time zone, changed for a test and put back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

BERLIN = "Europe/Berlin"


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """The machine's clock shows the time of that zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", name)
        time.tzset()
        yield
    time.tzset()


def berlin(text: str) -> float:
    """Seconds since 1970 of a time in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()


def shown(wall: float) -> str:
    """Day, hour, minute and offset of a moment in Berlin."""
    return datetime.fromtimestamp(wall, ZoneInfo(BERLIN)).strftime("%d %H:%M %z")
