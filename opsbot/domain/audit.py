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
