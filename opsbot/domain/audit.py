"""The record of who did what."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.actor import Actor
from opsbot.domain.moment import Moment


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act: `verb` such as `restart`, `acknowledge`, `pause`; `outcome` such as `allowed`, `refused`."""

    at: Moment
    actor: Actor
    verb: str
    target: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts are wanted. `who`: an actor's id, or a part of the name; `target`: a part of it; capital and
    small letters are the same. `since`: seconds since 1970 UTC, None: from the first on."""

    who: str = ""
    target: str = ""
    since: float | None = None

    def fits(self, act: AuditEntry) -> bool:
        """Whether an act is wanted."""
        who, target = self.who.casefold(), self.target.casefold()
        return (
            (not who or who == act.actor.id or who in act.actor.name.casefold())
            and target in act.target.casefold()
            and (self.since is None or act.at.wall >= self.since)
        )


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What became of the audit's chain. `rows`: how many rows are as they were written, from the first on;
    `broken`: the number of the first that was changed or is missing, None if none is. `head`: the hash of
    the last good row, on which all before it stand."""

    rows: int
    broken: int | None = None
    head: str = ""
