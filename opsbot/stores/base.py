"""The ports of the two stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opsbot.domain.action import Action, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.change import Change
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.notice import Notice, Receipt
from opsbot.domain.sample import Sample


@dataclass(slots=True)
class Persisted:
    """All durable state, as loaded at start. Moments are already of this boot (see `StateStore.load`).

    `alerts`: not inactive. `incidents`: live ones and those resolved within the last day. `actions`: those
    still `running` when opsbot ended. `restarts`: marks of the last hour. `notices`: not yet delivered, in
    order of id. `next_id`: greater than any id ever used, of incidents, actions and notices.
    """

    alerts: list[Alert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    desired: list[Desired] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    restarts: list[RestartMark] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    next_incident: int = 1
    next_action: int = 1
    next_notice: int = 1


class StateStore(Protocol):
    """Alerts, incidents, desired states, outbox, audit: what may not be lost."""

    async def load(self) -> Persisted:
        """All state. Moments stored under another boot are moved to this boot's clock by the time that has
        passed on the wall clock (never into the future)."""

    async def commit(self, changes: Sequence[Change]) -> None:
        """Writes all changes in one transaction, or none.

        Raises:
            StoreUnavailable: busy, full, read-only or corrupt.
        """

    async def incident(self, number: int) -> Incident | None:
        """One incident, however old."""

    async def timeline(self, number: int) -> list[Entry]:
        """The whole timeline of an incident, oldest first."""

    async def close(self) -> None:
        """Closes the file."""


@dataclass(frozen=True, slots=True)
class Point:
    """One stored value: seconds since 1970 UTC."""

    wall: float
    value: float


class MetricsStore(Protocol):
    """History of samples: best effort, in batches."""

    async def append(self, samples: Sequence[Sample]) -> None:
        """Stores the metrics of samples.

        Raises:
            StoreUnavailable: they are lost.
        """

    async def series(self, target: str, metric: str, since: float, until: float) -> list[Point]:
        """Values of a metric in a time range (seconds since 1970 UTC), oldest first."""

    async def names(self, target: str) -> list[str]:
        """Metrics known of a target, sorted."""

    async def prune(self, before: float) -> int:
        """Deletes what is older than `before` (seconds since 1970 UTC); returns how many values."""

    async def close(self) -> None:
        """Closes the file."""
