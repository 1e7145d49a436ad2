"""How a target ended: what its keeper wrote down, whether we had asked for it, and what more is known."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit, ProcessId
from opsbot.supervisors import _oom, _proc
from opsbot.supervisors._pidfd import Grip
from opsbot.supervisors._records import ExitRecord, Records

RECORD_SECONDS = 0.25
"""A live keeper writes the exit within a millisecond or two; on a busy machine it may take longer."""

_SLICE = 0.004


class Endings:
    """Ends of one target's processes."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock

    async def of(self, process: ProcessId, keeper: ProcessId) -> Exit:
        """How a process that has ended did so; waits for its keeper's record if it has a keeper."""
        record = await self._record(process, keeper)
        if record:
            return await self._complete(record)
        return Exit(at=self._clock.now(), asked=self._records.asked(process))

    async def last(self) -> Exit | None:
        """How the newest one ended that a keeper saw."""
        records = self._records.exits()
        return await self._complete(records[-1]) if records else None

    async def _record(self, process: ProcessId, keeper: ProcessId) -> ExitRecord | None:
        record = self._records.exit_of(process)
        if record or not keeper.pid:
            return record
        with Grip.take(keeper, self._clock.boot_id) or _Gone() as grip:
            grip.wake()
            for _ in range(round(RECORD_SECONDS / _SLICE)):
                ended = await grip.ended_within(_SLICE)
                if (record := self._records.exit_of(process)) or ended:
                    return record
        return None

    async def _complete(self, record: ExitRecord) -> Exit:
        asked = self._records.asked(record.process)
        cause = "" if asked else await self._cause(record)
        return replace(record.exit, at=self._this_boot(record), asked=asked, cause=cause)

    async def _cause(self, record: ExitRecord) -> str:
        if record.exit.signal == signal.SIGKILL and record.oom_kills:
            return await asyncio.to_thread(_oom.cause, record.process.pid, record.oom_kills)
        identity = self._records.identity()
        if (
            record.exit.code == 0
            and identity
            and identity.generation == record.generation
            and identity.process != record.process
            and _proc.alive(identity.process, self._clock.boot_id)
        ):
            return f"it went to the background as pid {identity.process.pid}"
        return ""

    def _this_boot(self, record: ExitRecord) -> Moment:
        at, now = record.exit.at, self._clock.now()
        if record.process.boot_id == self._clock.boot_id:
            return at
        return Moment(now.mono - max(0.0, now.wall - at.wall), at.wall)


class _Gone:
    """Stands for the grip on a process that has ended already."""

    def wake(self) -> None:
        return

    async def ended_within(self, _seconds: float) -> bool:
        return True

    def __enter__(self) -> _Gone:
        return self

    def __exit__(self, *_: object) -> None:
        return
