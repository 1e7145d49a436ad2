"""A scripted `Mutes`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.maintenance import Planned
from opsbot.domain.silence import Deploy, Matcher, Muted, Silence
from opsbot.errors import Refused
from opsbot.testing.asked.people import Note


@dataclass(slots=True)
class FakeMutes:
    """`held`: what is in force. `unheard`: what `muted` answers; `planned`: what `windows` does."""

    clock: Clock
    note_call: Note
    held: dict[int, Silence] = field(default_factory=dict)
    unheard: tuple[Muted, ...] = ()
    planned: tuple[Planned, ...] = ()

    async def silence(
        self, matcher: Matcher, seconds: float, reason: str, actor: Actor, *, maintenance: bool = False
    ) -> Silence:
        """See `Mutes`."""
        self.note_call("maintenance" if maintenance else "silence", ",".join(matcher.targets), actor, reason)
        return self._put(matcher, seconds, reason, actor, maintenance=maintenance)

    async def silence_incident(
        self, number: int, seconds: float | None, reason: str, actor: Actor
    ) -> Silence:
        """See `Mutes`."""
        self.note_call("silence_incident", str(number), actor, f"{seconds} {reason}".strip())
        until = number if seconds is None else 0
        return self._put(Matcher(), seconds or 1e6, reason, actor, until_resolved=until)

    async def end(self, number: int, actor: Actor) -> Silence:
        """See `Mutes`."""
        self.note_call("end", str(number), actor, "")
        if number not in self.held:
            raise Refused(f"There is no silence {number} in force.")
        return replace(self.held.pop(number), ended=actor)

    async def silences(self) -> tuple[Silence, ...]:
        """See `Mutes`."""
        self.note_call("silences", "", None, "")
        return tuple(self.held.values())

    async def windows(self) -> tuple[Planned, ...]:
        """See `Mutes`."""
        self.note_call("windows", "", None, "")
        return self.planned

    async def muted(self) -> tuple[Muted, ...]:
        """See `Mutes`."""
        self.note_call("muted", "", None, "")
        return self.unheard

    async def deploy(
        self, target: str, version: str, seconds: float, actor: Actor, place: str = ""
    ) -> Deploy:
        """See `Mutes`."""
        self.note_call("deploy", target, actor, f"{version} {seconds:g}")
        now = self.clock.now()
        return Deploy(target, version, actor, now, now.after(seconds), place)

    def _put(
        self,
        matcher: Matcher,
        seconds: float,
        reason: str,
        actor: Actor,
        *,
        maintenance: bool = False,
        until_resolved: int = 0,
    ) -> Silence:
        now, number = self.clock.now(), len(self.held) + 1
        until = now.after(seconds)
        self.held[number] = Silence(number, matcher, until, actor, reason, now, until_resolved, maintenance)
        return self.held[number]
