"""Writes the postmortem of each incident that is over, once, and says so in its timeline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from opsbot.clock import Clock
from opsbot.domain.actor import AUTO
from opsbot.domain.change import Change
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.lasting import between
from opsbot.domain.levels import Priority
from opsbot.draw.postmortem import PREFIX
from opsbot.engine.draft import Effect
from opsbot.engine.inputs import Input, NoteAsked
from opsbot.engine.state import State
from opsbot.errors import OpsbotError, Refused, Stopping
from opsbot.runtime.memory import Recall
from opsbot.runtime.waiting import wait_until

RECENT = 86_400.0
"""Seconds after its end in which an incident gets its postmortem, also when opsbot was killed in between."""

AGAIN = 60.0
"""Seconds after which one that could not be written is tried again."""

PRUNE_EVERY = 6 * 3_600.0

log = structlog.get_logger("opsbot.postmortems")


class Files(Protocol):
    """Where the files go. Both block."""

    def write(self, name: str, content: bytes) -> None:
        """Puts a file there, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """

    def prune(self, prefix: str, before: float) -> int:
        """Removes files of that kind that are older (seconds since 1970 UTC).

        Raises:
            OSError: they cannot be removed.
        """


@dataclass(slots=True)
class Postmortems:
    """`least`: the least urgent priority that gets one; `keep`: seconds for which the files are kept.

    What is missing is known by the timeline: the line with the file comes after the one that ended the
    incident. So one that was killed between end, file and line is found at the next start, and nothing is
    written twice.
    """

    state: State
    recall: Recall
    files: Files
    clock: Clock
    ask: Callable[[Input], Awaitable[object]]
    least: Priority
    keep: float
    _waiting: dict[int, None] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _pruned: float = float("-inf")

    def note(self, changes: Sequence[Change], _: Sequence[Effect]) -> None:
        """Listens to the pipeline: what may have ended is looked at."""
        for change in changes:
            if isinstance(change, Incident) and self._wanted(change):
                self._waiting[change.id] = None
                self._arrived.set()

    def _wanted(self, incident: Incident) -> bool:
        """One that was folded into another is told of there."""
        over = not (incident.live or incident.drill or incident.part_of)
        return over and incident.priority.rank <= self.least.rank

    async def run(self) -> None:
        """Works until cancelled."""
        self._waiting |= {i.id: None for i in self.state.incidents.values() if self._wanted(i)}
        while True:
            self._arrived.clear()
            for number in list(self._waiting):
                await self._look(number)
            await self._prune()
            await wait_until(self._arrived, self.clock, AGAIN if self._waiting else PRUNE_EVERY)

    async def _look(self, number: int) -> None:
        incident = self.state.incidents.get(number)
        try:
            if incident is None or not self._wanted(incident) or not self._recent(incident):
                del self._waiting[number]
                return
            told = await self.recall.told(number)
            if not written(told, told.timeline):
                await self._write(told)
        except Stopping:
            return  # the successor finds it
        except Refused as no:
            log.warning("a postmortem is in no timeline", incident=number, reason=str(no))
        except (OpsbotError, OSError) as error:
            log.warning("a postmortem waits", incident=number, reason=str(error))
            return
        except Exception:  # a mistake in drawing one must not keep the others from being written
            log.exception("a postmortem broke", incident=number)
        self._waiting.pop(number, None)

    def _recent(self, incident: Incident) -> bool:
        ended = incident.resolved_at or incident.opened
        return between(ended, self.clock.now()) <= RECENT

    async def _write(self, told: Incident) -> None:
        file = await self.recall.postmortem(told.id)
        await asyncio.to_thread(self.files.write, file.name, file.content)
        again = ", again" if any(_is_one(entry) for entry in told.timeline) else ""
        await self.ask(NoteAsked(told.id, AUTO, f"postmortem{again}", file.name))
        log.info("a postmortem is written", incident=told.id, file=file.name)

    async def _prune(self) -> None:
        now = self.clock.now()
        if now.mono - self._pruned < PRUNE_EVERY:
            return
        self._pruned = now.mono
        try:
            await asyncio.to_thread(self.files.prune, PREFIX, now.wall - self.keep)
        except OSError as error:
            log.warning("old postmortems stay for now", reason=str(error))


def written(incident: Incident, timeline: Sequence[Entry]) -> bool:
    """Whether the postmortem of its last end is in its timeline. The line that ended it has its moment, which
    no reboot changes on the wall; if that line is lost, any postmortem counts."""
    ended = incident.resolved_at or incident.opened
    walls = [entry.at.wall for entry in timeline]
    after = walls.index(ended.wall) if ended.wall in walls else 0
    return any(_is_one(entry) for entry in timeline[after:])


def _is_one(entry: Entry) -> bool:
    return entry.file.startswith(PREFIX)
