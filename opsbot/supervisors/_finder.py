"""Finds a target: by its record, then by a search through all processes."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

from opsbot.clock import Clock
from opsbot.domain.moment import Moment
from opsbot.domain.process import ProcessId, Running
from opsbot.supervisors import _proc
from opsbot.supervisors._group import Adoption, adoption
from opsbot.supervisors._launch import pattern
from opsbot.supervisors._options import Adopt, Options
from opsbot.supervisors._records import Identity, Records
from opsbot.supervisors._search import Findings, Past, Search, is_keeper

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
        search = self._search(seen)
        findings = await asyncio.to_thread(search.run)
        if not findings.target:
            return Sight(None, seen, findings)
        if findings.by_match:
            await self.note(findings.target)
        return Sight(self.running(findings.target, seen, findings.generation), seen, findings)

    async def note(self, process: ProcessId) -> None:
        """Remembers how a target that somebody else started stands, so that what it leaves behind is known
        for what it is."""
        looks = pattern(self._options)
        if looks and (found := await asyncio.to_thread(adoption, process, looks.look)):
            self._records.note(found)

    def marked(self, pid: int) -> bool:
        """Whether a process bears the mark of this target, past or present."""
        cookie = _proc.cookie(pid)
        return cookie is not None and cookie.token == self._records.token()

    def left_behind(self, pid: int) -> bool:
        """Whether a process is what an earlier process of this target started."""
        if self.marked(pid):
            return True
        adopted, stat, looks = self._adopted(), _proc.stat(pid), pattern(self._options)
        if not (adopted and stat and looks) or _proc.cookie(pid) or not looks.look(pid).alike:
            return False
        process = ProcessId(self._clock.boot_id, pid, stat.start_ticks)
        return process != adopted.process and adopted.left(process, stat)

    def belongs(self, pid: int) -> bool:
        """Whether a process is this target's: by its mark, as a descendant of the one that runs, or as one
        that an earlier one left behind."""
        cookie = _proc.cookie(pid)
        if cookie:
            return cookie.token == self._records.token()
        return self._below_target(pid) or self.left_behind(pid)

    def anothers(self, process: ProcessId) -> bool:
        """Whether another target of this opsbot has the process, or what started it, on record."""
        others, cookie = self._others(), _proc.cookie(process.pid)
        own = cookie is not None and cookie.token == self._records.token()
        return process in others or (
            cookie is not None and not own and cookie.main in {other.pid for other in others}
        )

    def _below_target(self, pid: int) -> bool:
        known = (self._records.identity(), self._adopted())
        mains = {k.process.pid for k in known if k and _proc.alive(k.process, self._clock.boot_id)}
        while pid > 1 and pid not in mains:
            stat = _proc.stat(pid)
            pid = stat.parent if stat else 0
        return pid in mains

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

    def _search(self, seen: Identity | None) -> Search:
        return Search(
            boot_id=self._clock.boot_id,
            token=self._records.token(),
            lock=str(self._records.directory / "lock"),
            pattern=pattern(self._options),
            past=self._past(seen),
            ask=self._options.adopt is Adopt.ASK,
            strangers=frozenset({os.getpid()}),
            others=self._others(),
            left=self._alive(self._records.left()),
        )

    def _others(self) -> frozenset[ProcessId]:
        """Live processes of other targets."""
        return self._alive(self._records.others())

    def _alive(self, some: frozenset[ProcessId]) -> frozenset[ProcessId]:
        boot_id = self._clock.boot_id
        return frozenset(one for one in some if _proc.alive(one, boot_id))

    def _past(self, seen: Identity | None) -> Past:
        exits, adopted = self._records.exits(), self._adopted()
        last = self._records.exit_of(seen.process) if seen else None
        crashed = last.exit.at.mono if last and not last.exit.clean and self._this_boot(last.process) else 0.0
        mains = [known.process for known in (seen, adopted) if known and self._this_boot(known.process)]
        stopped = [process for process in mains if self._records.asked(process)]
        asked = max((self._records.asked_at(process) or 0.0 for process in stopped), default=0.0)
        return Past(
            ended_known=last is not None if seen else bool(exits),
            adopted=adopted,
            stopped=stopped[0].pid if stopped else 0,
            beside=int(max(crashed, asked) * _TICKS_A_SECOND),
        )

    def _adopted(self) -> Adoption | None:
        noted = self._records.noted()
        return noted if noted and self._this_boot(noted.process) else None

    def _this_boot(self, process: ProcessId) -> bool:
        return process.boot_id == self._clock.boot_id

    def _since(self, process: ProcessId) -> Moment:
        now = self._clock.now()
        if not _proc.LINUX:
            return now
        age = now.mono - process.start_ticks / _TICKS_A_SECOND
        return now.after(-age) if age > 0 else now
