"""Finds a target: by its record, then by a search through all processes."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.process import ProcessId, Running
from opsbot.supervisors import _proc
from opsbot.supervisors._launch import pattern
from opsbot.supervisors._options import Adopt, Options
from opsbot.supervisors._records import Identity, Records
from opsbot.supervisors._search import Findings, Search, is_keeper

BECOMING_TRIES = 400
BECOMING_PAUSE_SECONDS = 0.005

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look saw. `seen`: the record it was based on; `findings`: empty when the record sufficed."""

    running: Running | None
    seen: Identity | None
    findings: Findings = field(default_factory=Findings)


class Finder:
    """Looks for one target."""

    def __init__(self, options: Options, records: Records, clock: Clock) -> None:
        self._options, self._records, self._clock = options, records, clock

    async def look(self) -> Sight:
        """The record first: it costs two reads. Only when it names nobody alive, every process is looked at,
        in a thread."""
        seen = self._records.identity()
        if seen and await self._lives(seen.process):
            return Sight(self.running(seen.process, seen), seen)
        exits = self._records.exits()
        ended_known = any(e.process == seen.process for e in exits) if seen else bool(exits)
        search = self._search()
        findings = await asyncio.to_thread(search.run, ended_known=ended_known)
        if not findings.target:
            return Sight(None, seen, findings)
        return Sight(self.running(findings.target, seen, findings.generation), seen, findings)

    async def _lives(self, process: ProcessId) -> bool:
        """Whether it runs. One that a keeper has forked and recorded, but that is not the target's program
        yet, is waited for: it becomes that, or is never heard of again."""
        for _ in range(BECOMING_TRIES):
            if not _proc.alive(process, self._clock.boot_id):
                return False
            if not is_keeper(process.pid):
                return True
            await asyncio.sleep(BECOMING_PAUSE_SECONDS)
        return True

    def running(self, process: ProcessId, seen: Identity | None, generation: int = 0) -> Running:
        """What is known of a live process; `adopted` until the caller knows better."""
        if seen and seen.process == process:
            generation = seen.generation
        return Running(
            process=process,
            since=self._since(process),
            generation=generation,
            adopted=True,
            keeper_pid=self.keeper(process, seen).pid,
        )

    def keeper(self, process: ProcessId, seen: Identity | None) -> ProcessId:
        """Its live keeper; pid 0 when it has none."""
        nobody = ProcessId(process.boot_id, 0, 0)
        if not seen or seen.process != process or not seen.keeper.pid:
            return nobody
        return seen.keeper if _proc.alive(seen.keeper, self._clock.boot_id) else nobody

    def _search(self) -> Search:
        return Search(
            boot_id=self._clock.boot_id,
            token=self._records.token(),
            lock=str(self._records.directory / "lock"),
            pattern=pattern(self._options),
            ask=self._options.adopt is Adopt.ASK,
            strangers=frozenset({os.getpid()}),
        )

    def _since(self, process: ProcessId) -> Moment:
        now = self._clock.now()
        if not _proc.LINUX:
            return now
        age = now.mono - process.start_ticks / _TICKS_A_SECOND
        return now.after(-age) if age > 0 else now
