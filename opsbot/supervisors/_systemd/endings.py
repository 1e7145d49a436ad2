"""How the unit's main process ended: by systemd's word, by its journal, or by what systemd does not say."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit, ProcessId
from opsbot.errors import SupervisorError
from opsbot.supervisors._systemd.book import Book, Entry
from opsbot.supervisors._systemd.sight import Sight
from opsbot.supervisors._systemd.systemctl import Systemd
from opsbot.supervisors._systemd.unit import SUCCESSOR_MARGIN, Unit, exit_of

JOURNAL_SECONDS = 0.5
"""The journal has what systemd says a moment later; so long it is asked again."""

PAUSE_SECONDS = 0.05


class Endings:
    """Ends of one unit's main processes."""

    def __init__(self, systemd: Systemd, sight: Sight, book: Book, clock: Clock) -> None:
        self._systemd, self._sight, self._book, self._clock = systemd, sight, book, clock

    async def of(self, process: ProcessId, *, witnessed: bool) -> Exit:
        """How a process that has ended did so. `witnessed`: just now, while it was watched."""
        entry = self._book.read()
        entry = entry if entry.process == process else Entry()
        now = self._clock.now()
        try:
            unit = await self._sight.without(process.pid)
        except SupervisorError as error:  # that it has ended is certain
            return entry.exit or Exit(now, asked=entry.asked, cause=str(error))
        if entry.exit:
            return replace(self._dated(entry), successor=unit.successor)
        if unit.main_pid and unit.invocation == entry.invocation:
            goes_on = f"{unit.name} goes on as pid {unit.main_pid}"  # which is no end of the target
            return Exit(now, code=0, asked=entry.asked, cause=goes_on, successor=SUCCESSOR_MARGIN)
        dated = not witnessed and unit.last_pid == process.pid and unit.last_wall
        at = self._moment(unit.last_wall) if dated else now
        how = replace(await self._how(process, entry, unit, at), successor=unit.successor)
        self._book.ended(process, how)
        return how

    async def last(self, unit: Unit) -> Exit | None:
        """How the newest one ended while none runs."""
        entry = self._book.read()
        if unit.last_code:
            mine = entry.invocation == unit.invocation
            at = entry.exit.at if mine and entry.exit else self._moment(unit.last_wall)
            how = unit.ended(at, asked=mine and entry.asked)
        elif entry.exit:
            how = self._dated(entry)
        elif entry.process.boot_id == self._clock.boot_id:
            return await self.of(entry.process, witnessed=False)
        else:
            return None
        return replace(how, successor=unit.successor)

    async def _how(self, process: ProcessId, entry: Entry, unit: Unit, at: Moment) -> Exit:
        if unit.last_code and unit.last_pid == process.pid and entry.invocation in ("", unit.invocation):
            return unit.ended(at, asked=entry.asked)
        forgotten = not unit.invocation
        told = await self._told(entry.invocation, 0.0 if forgotten else JOURNAL_SECONDS)
        if told:
            return exit_of(*told, at, asked=entry.asked)
        if forgotten and entry.invocation:
            return _well(unit, at, asked=entry.asked)
        return Exit(at, asked=entry.asked, cause="systemd keeps no more of it, nor does its journal")

    async def _told(self, invocation: str, patience: float) -> tuple[int, int] | None:
        """What the journal says of an invocation that has its successor already."""
        if not invocation:
            return None
        loop = asyncio.get_running_loop()
        ends = loop.time() + patience
        while True:
            found = await self._systemd.exited(invocation)
            if found or loop.time() >= ends:
                return found
            await asyncio.sleep(PAUSE_SECONDS)

    def _dated(self, entry: Entry) -> Exit:
        """The exit in the book, on this boot's clock."""
        assert entry.exit
        if entry.process.boot_id == self._clock.boot_id:
            return entry.exit
        return replace(entry.exit, at=self._moment(entry.exit.at.wall))

    def _moment(self, wall: float) -> Moment:
        now = self._clock.now()
        return Moment(now.mono - max(0.0, now.wall - wall), wall)


def _well(unit: Unit, at: Moment, *, asked: bool) -> Exit:
    """systemd forgets a unit that ended well and that nothing refers to, its status included. What it counts
    as well is 0 and the signals of `Exit.clean`."""
    cause = "a good end by systemd's word, which keeps no more of it"
    if asked:
        return Exit(at, signal=unit.kill_signal or signal.SIGTERM, asked=True, cause=cause)
    return Exit(at, code=0, cause=cause)
