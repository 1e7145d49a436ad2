"""A scripted `People`: what it knows are the incidents of the fake it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState
from opsbot.engine import incidents
from opsbot.errors import Refused, UsageError

Note = Callable[[str, str, Actor | None, str], None]
"""Remembers a call: verb, what it is about, who, detail."""


@dataclass(slots=True)
class FakePeople:
    """`known`: by number, changed by what is asked."""

    clock: Clock
    note_call: Note
    known: dict[int, Incident]

    async def find(self, number: int) -> Incident:
        """See `People`."""
        self.note_call("find", str(number), None, "")
        return self._one(number)

    async def newest(self, count: int, *, live: bool, target: str = "") -> tuple[Incident, ...]:
        """See `People`."""
        self.note_call("newest", target, None, f"{count} {'live' if live else 'all'}")
        found = [self.known[number] for number in sorted(self.known, reverse=True)]
        return tuple([one for one in found if (one.live or not live) and target in ("", one.target)][:count])

    async def note(self, number: int, actor: Actor, text: str) -> Incident:
        """See `People`."""
        self.note_call("note", str(number), actor, text)
        entry = Entry(self.clock.now(), EntryKind.SAID, text, actor)
        return self._put(incidents.noted(self._one(number), entry))

    async def assign(self, number: int, actor: Actor, to: Actor) -> Incident:
        """See `People`."""
        self.note_call("assign", str(number), actor, to.name)
        return self._put(incidents.assigned(self._live(number), actor, to, self.clock.now()))

    async def resolve(self, number: int, actor: Actor, reason: str) -> Incident:
        """See `People`."""
        self.note_call("resolve", str(number), actor, reason)
        return self._put(incidents.resolved(self._live(number), self.clock.now(), reason, actor))

    def _one(self, number: int) -> Incident:
        if number not in self.known:
            raise UsageError(f"There is no incident #{number}.")
        return self.known[number]

    def _live(self, number: int) -> Incident:
        found = self._one(number)
        if found.state is IncidentState.RESOLVED:
            raise Refused(f"Incident #{number} is already resolved.")
        return found

    def _put(self, incident: Incident) -> Incident:
        self.known[incident.id] = replace(incident)
        return incident
