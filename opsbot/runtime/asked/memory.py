"""What is over: postmortems, reports, the audit."""

from __future__ import annotations

from typing import Protocol

from opsbot.domain.actor import Actor
from opsbot.domain.audit import ActFilter, AuditEntry
from opsbot.domain.report import Period, Report
from opsbot.draw.payload import File
from opsbot.stores.base import ALL_ACTS


class Memory(Protocol):
    """Each method raises `UsageError` when what it needs cannot be read now, with the reason."""

    async def postmortem(self, number: int) -> File:
        """The postmortem of an incident as it is now, over or not.

        Raises:
            UsageError: there is no such incident (any more).
        """

    async def report(self, period: Period, until: float | None = None) -> Report:
        """The figures of a period up to `until` (seconds since 1970 UTC; None: now)."""

    async def audit(self, newest: int, wanted: ActFilter = ALL_ACTS) -> tuple[AuditEntry, ...]:
        """The newest acts that are wanted, newest first."""

    async def record(self, actor: Actor, verb: str, target: str = "", reason: str = "") -> None:
        """Puts into the audit that somebody did or was shown something."""
