"""The clock that is injected everywhere: no other module of opsbot reads the time."""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from pathlib import Path
from typing import Protocol

from opsbot.domain.moment import Moment

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux: one random id per boot (random(4))."""


class Clock(Protocol):
    """Time as opsbot sees it."""

    @property
    def boot_id(self) -> str:
        """Names this boot of the machine: `Moment.mono` of two boots cannot be compared."""

    def now(self) -> Moment:
        """The present."""

    async def sleep(self, seconds: float) -> None:
        """Returns after `seconds` of this clock; 0 or less yields once."""


class SystemClock:
    """The machine's clock. `mono` is CLOCK_BOOTTIME (counts through a suspend), macOS has CLOCK_MONOTONIC."""

    _source: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    @cached_property
    def boot_id(self) -> str:
        try:
            return BOOT_ID.read_text().strip()
        except OSError:  # no Linux: the moment the machine was started names the boot well enough
            return f"boot-{round(time.time() - time.clock_gettime(self._source), -1):.0f}"

    def now(self) -> Moment:
        return Moment(mono=time.clock_gettime(self._source), wall=time.time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
