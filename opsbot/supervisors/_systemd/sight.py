"""Who the unit's main process is, for certain: systemd names a pid, /proc says which process that is."""

from __future__ import annotations

import asyncio
import os

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.process import ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors._systemd.book import Book
from opsbot.supervisors._systemd.group import belongs
from opsbot.supervisors._systemd.systemctl import Systemd
from opsbot.supervisors._systemd.unit import Unit

NOTICE_SECONDS = 2.0
"""systemd notices the end of a process within milliseconds; so long it is waited for that."""

PAUSE_SECONDS = 0.01
TRIES = 3

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Sight:
    """Looks at one unit."""

    def __init__(self, systemd: Systemd, book: Book, clock: Clock) -> None:
        self._systemd, self._book, self._clock = systemd, book, clock

    async def look(self) -> Unit:
        """The unit. A main process that has just ended is none: systemd is given the time to see that.

        Raises:
            SupervisorError: systemd cannot be asked.
        """
        unit = await self._systemd.show()
        if unit.main_pid and not _proc.identify(unit.main_pid, self._clock.boot_id):
            return await self.without(unit.main_pid)
        return unit

    async def without(self, pid: int) -> Unit:
        """The unit as soon as systemd has noticed that its main process has ended."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + NOTICE_SECONDS
        while True:
            unit = await self._systemd.show()
            if unit.main_pid != pid or loop.time() > ends:
                return unit
            await asyncio.sleep(PAUSE_SECONDS)

    async def take(self) -> tuple[Unit, Running | None]:
        """The unit and its main process, which is noted.

        Raises:
            SupervisorError: systemd cannot be asked, or opsbot does not see the processes that it sees.
        """
        for _ in range(TRIES):
            unit = await self.look()
            process = _proc.identify(unit.main, self._clock.boot_id) if unit.main else None
            if process and belongs(process.pid, unit.group):
                return unit, self._running(unit, process)
            if not unit.main_pid:
                return unit, None
        raise SupervisorError(
            f"pid {unit.main_pid}, the main process of {unit.name}, is not in its control group here: opsbot "
            f"must see the same processes as systemd (not from inside a container).",
            permanent=True,
        )

    def _running(self, unit: Unit, process: ProcessId) -> Running:
        entry = self._book.seen(unit.invocation, process)
        return Running(process, self._since(process), entry.generation, adopted=True)

    def _since(self, process: ProcessId) -> Moment:
        now = self._clock.now()
        return now.after(-max(0.0, now.mono - process.start_ticks / _TICKS_A_SECOND))
