"""What people ask about incidents, beside acknowledging them."""

from __future__ import annotations

from typing import Protocol

from opsbot.domain.actor import Actor
from opsbot.domain.incident import Incident


class People(Protocol):
    """Each method raises `UsageError` for an incident that does not exist, `Refused` (with the reason) for
    what is not possible now, such as assigning one that is over."""

    async def find(self, number: int) -> Incident:
        """One incident, however old, with its whole timeline."""

    async def newest(self, count: int, *, live: bool, target: str = "") -> tuple[Incident, ...]:
        """The newest incidents, newest first, without timelines; `live`: only what is not resolved."""

    async def note(self, number: int, actor: Actor, text: str) -> Incident:
        """Adds a person's words to the timeline."""

    async def assign(self, number: int, actor: Actor, to: Actor) -> Incident:
        """Somebody has it from now on; if nobody had acknowledged it, it is acknowledged by that."""

    async def resolve(self, number: int, actor: Actor, reason: str) -> Incident:
        """A person says that it is over. What still holds fires again, and reopens it."""
