"""What people ask so that they are told less: silences, maintenance, deploys."""

from __future__ import annotations

from typing import Protocol

from opsbot.domain.actor import Actor
from opsbot.domain.maintenance import Planned
from opsbot.domain.silence import Deploy, Matcher, Muted, Silence


class Mutes(Protocol):
    """Each method raises `UsageError` for an unknown target, silence or span, with the remedy."""

    async def silence(
        self, matcher: Matcher, seconds: float, reason: str, actor: Actor, *, maintenance: bool = False
    ) -> Silence:
        """What fits is not told for so long; under `maintenance` nothing is done by itself either."""

    async def silence_incident(
        self, number: int, seconds: float | None, reason: str, actor: Actor
    ) -> Silence:
        """Nothing more is told of an incident's target for so long; None: until the incident is over."""

    async def end(self, number: int, actor: Actor) -> Silence:
        """Ends a silence or a maintenance before its time."""

    async def silences(self) -> tuple[Silence, ...]:
        """Those in force, maintenance too, in the order in which they end."""

    async def windows(self) -> tuple[Planned, ...]:
        """The maintenance windows of the configuration, and when each is: what goes on first, then what
        begins next; what is over for good last."""

    async def muted(self) -> tuple[Muted, ...]:
        """Every firing alert that nobody is told of, with what mutes it."""

    async def deploy(
        self, target: str, version: str, seconds: float, actor: Actor, place: str = ""
    ) -> Deploy:
        """Marks a new version: for `seconds` automation leaves the target alone, and the next incident
        names it. `place`: of the message in which it will be told how the target is, see `Deploy`."""
