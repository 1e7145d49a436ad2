"""What people do about incidents, beside acknowledging them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsbot.domain.actor import Actor
from opsbot.domain.change import Change
from opsbot.domain.incident import Incident
from opsbot.engine.inputs import AssignAsked, NoteAsked, ResolveAsked
from opsbot.errors import UsageError
from opsbot.runtime.pipeline import Pipeline
from opsbot.stores.base import StateStore
from opsbot.text import one_line

WORDS = 500
"""Characters of a note that are kept."""

LISTED = 1000
"""Incidents that are looked through for those of one target."""


@dataclass(frozen=True, slots=True)
class PeopleDesk:
    """Implements `runtime.asked.people.People`."""

    pipeline: Pipeline
    store: StateStore

    async def find(self, number: int) -> Incident:
        """One incident, however old, with its whole timeline."""
        known = self.pipeline.state.incidents.get(number) or await self.store.incident(number)
        if known is None:
            raise UsageError(f"There is no incident #{number}: /incidents list shows those there are.")
        timeline = await self.store.timeline(number)
        # what is not in the file yet, while that cannot be written, memory knows
        return replace(known, timeline=tuple(timeline)) if len(timeline) >= len(known.timeline) else known

    async def newest(self, count: int, *, live: bool, target: str = "") -> tuple[Incident, ...]:
        """The newest incidents, newest first."""
        state = self.pipeline.state
        if live:
            found = {one.id: one for one in state.live_incidents()}
        else:
            stored = await self.store.incidents(LISTED if target else count)
            found = {one.id: one for one in stored} | state.incidents
        newest = [found[number] for number in sorted(found, reverse=True)]
        return tuple([one for one in newest if target in ("", one.target)][:count])

    async def note(self, number: int, actor: Actor, text: str) -> Incident:
        """Adds a person's words to the timeline."""
        words = one_line(text, WORDS)
        if not words:
            raise UsageError("A note needs words: say what you saw or did.")
        decided = await self.pipeline.ask(NoteAsked(number, actor, words))
        return _incident(decided.changes, number)

    async def assign(self, number: int, actor: Actor, to: Actor) -> Incident:
        """Somebody has it from now on."""
        decided = await self.pipeline.ask(AssignAsked(number, actor, to))
        return _incident(decided.changes, number)

    async def resolve(self, number: int, actor: Actor, reason: str) -> Incident:
        """A person says that it is over."""
        decided = await self.pipeline.ask(ResolveAsked(number, actor, one_line(reason, WORDS)))
        return _incident(decided.changes, number)


def _incident(changes: list[Change], number: int) -> Incident:
    return next(one for one in changes if isinstance(one, Incident) and one.id == number)
