"""The ports of the two stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from opsbot.domain.action import Action, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.audit import ActFilter, AuditCheck, AuditEntry
from opsbot.domain.change import Change
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, Receipt
from opsbot.domain.sample import Sample
from opsbot.domain.series import Keep, Series
from opsbot.domain.silence import Deploy, Silence

RECENT_SECONDS = 86_400.0
"""How long after its end an incident is still loaded at start."""

AUDIT_LOOK = 200_000
"""Rows of the audit that a search looks through, the newest ones: some seconds."""

ALL_ACTS = ActFilter()

BUDGET_SECONDS = 3_600.0
"""How long a restart counts in the budget, and so is loaded at start."""


@dataclass(slots=True)
class Persisted:
    """All durable state, as loaded at start. Moments are already of this boot (see `StateStore.load`).

    `alerts`: not inactive, by key. `incidents`: live ones, those resolved within the last day and those of
    which a notice waits, by id, each with the newest lines of its timeline. `actions`: those still `running`
    when opsbot ended, by id; `looks`: looks into a target that ended within the last ten minutes, by id: the
    next one waits for so long. `desired`, `pauses`, `deploys`: by target. `silences`: in force, by id.
    `restarts`: marks of the last hour, oldest first. `notices`: not yet delivered, in order of id.
    `receipts`: of the incidents loaded, by incident and notifier.
    `next_…`: greater than any id ever used, also of rows that were pruned since.
    """

    alerts: list[Alert] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    looks: list[Action] = field(default_factory=list)
    desired: list[Desired] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    deploys: list[Deploy] = field(default_factory=list)
    restarts: list[RestartMark] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    next_incident: int = 1
    next_action: int = 1
    next_notice: int = 1
    next_silence: int = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes that are written together, with a name, so that they are written once.

    `writer` names one run of opsbot, `number` counts its batches from 1. `boot_id` and `at`: the boot whose
    clock the changes' moments are on, and when they were made.
    """

    writer: str
    number: int
    boot_id: str
    at: Moment
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Degraded:
    """The state file cannot be written. `reason`: one sentence for people. `since`: when it began.

    `waiting`: batches not in the file yet. `journal`: they are on disk, in the journal; else only in memory.
    `lost`: batches given up because not even memory is unbounded.
    """

    reason: str
    since: Moment
    waiting: int
    journal: bool
    lost: int = 0


class StateStore(Protocol):
    """Alerts, incidents, desired states, outbox, audit: what may not be lost.

    An `Alert` that is inactive removes its row. An `Incident` is kept without its `timeline`: that is made of
    the `TimelineLine`s. A `Notice` with a known id replaces it, unless it is done already. An
    `AuditEntry` is added, everything else replaces what has the same id, target or (a `RestartMark`) moment.
    """

    @property
    def quarantined(self) -> Path | None:
        """Where the damaged file was put that this store found and replaced, newest; None if none was."""

    async def load(self) -> Persisted:
        """All state. Moments stored under another boot are moved to this boot's clock by the time that has
        passed on the wall clock (what was past stays past; deadlines keep their distance).

        Raises:
            StoreUnavailable: cannot be read.
            SchemaTooNew: written by a newer opsbot.
        """

    async def commit(self, changes: Sequence[Change]) -> None:
        """Writes all changes in one transaction, or none.

        Raises:
            StoreUnavailable: busy, full, read-only, corrupt, or not answering in time; only in the last case
                may the changes have been written all the same.
        """

    async def write(self, batches: Sequence[Batch]) -> None:
        """Writes the batches in one transaction, or none; those already written are passed over.

        Batches of one writer come in the order of their numbers.

        Raises:
            StoreUnavailable: as for `commit`.
        """

    async def incident(self, number: int) -> Incident | None:
        """One incident, however old, unless it was pruned."""

    async def incidents(self, newest: int) -> list[Incident]:
        """The newest incidents, oldest first, without their timelines.

        Raises:
            StoreUnavailable: they cannot be read now.
        """

    async def incidents_between(self, since: float, until: float) -> list[Incident]:
        """Every incident that was open at some time in a range (seconds since 1970 UTC), oldest first,
        without their timelines.

        Raises:
            StoreUnavailable: they cannot be read now.
        """

    async def timeline(self, number: int) -> list[Entry]:
        """The whole timeline of an incident, oldest first."""

    async def audit(self, newest: int, wanted: ActFilter = ALL_ACTS) -> list[AuditEntry]:
        """The newest acts that are wanted, oldest first, of the last `AUDIT_LOOK` at most; `at.mono` is of
        the boot in which each was written. One that cannot be read is passed over.

        Raises:
            StoreUnavailable: they cannot be read now.
        """

    async def verify_audit(self) -> AuditCheck:
        """Looks at every row of the audit.

        Raises:
            StoreUnavailable: they cannot be read now.
        """

    async def prune(self, older_than: float) -> int:
        """Removes incidents resolved more than `older_than` seconds ago with their timelines and receipts,
        and notices and actions done as long ago; never the audit. Returns how many incidents."""

    async def close(self) -> None:
        """Closes the file."""


class StateKeeper(StateStore, Protocol):
    """A state store that never refuses: `commit` and `write` raise no `StoreUnavailable`, they degrade."""

    @property
    def degraded(self) -> Degraded | None:
        """Set while the state file cannot be written."""

    async def recover(self) -> bool:
        """Tries the state file now; True when it is written and nothing waits any more."""


@dataclass(frozen=True, slots=True)
class Point:
    """One stored value: seconds since 1970 UTC."""

    wall: float
    value: float


class MetricsStore(Protocol):
    """History of samples: best effort, in batches."""

    @property
    def quarantined(self) -> Path | None:
        """Where the damaged file was put that this store found and replaced, newest; None if none was."""

    async def append(self, samples: Sequence[Sample]) -> None:
        """Stores the metrics of samples.

        Raises:
            StoreUnavailable: they are lost.
        """

    async def series(self, target: str, metric: str, since: float, until: float) -> list[Point]:
        """Values of a metric in a time range (seconds since 1970 UTC), oldest first, as far back as every
        value is kept."""

    async def buckets(self, target: str, metric: str, since: float, until: float, most: int) -> Series:
        """A metric in a time range (seconds since 1970 UTC), in the finest resolution in which all that is
        known of it is kept, thinned to at most `most` buckets (at least 1). A bucket at the range's begin may
        hold values from just before it.

        Raises:
            StoreUnavailable: it cannot be read now.
        """

    async def names(self, target: str) -> list[str]:
        """Metrics of a target that have values, sorted."""

    async def rename(self, old: str, new: str) -> None:
        """The history of one target is another's from now on, beside what that has already.

        Raises:
            StoreUnavailable: it is not.
        """

    async def pack(self, now: float) -> bool:
        """Packs and rolls up one piece of what was stored before the present hour (`now`: seconds since 1970
        UTC), in one short transaction; whether more of it waits.

        Raises:
            StoreUnavailable: it waits.
        """

    async def prune(self, now: float, keep: Keep) -> int:
        """Deletes what is older at `now` than it is kept, by whole hours, each resolution for itself; returns
        how many hours of metrics that were.

        Raises:
            StoreUnavailable: it stays for now.
        """

    async def shrink(self, most_bytes: int) -> float | None:
        """While more than `most_bytes` are taken, deletes the oldest whole hours: raw values first, then
        minutes, then hours. Returns until when (seconds since 1970 UTC) raw values were deleted; None when
        nothing was to be.

        Raises:
            StoreUnavailable: it stays for now.
        """

    async def close(self) -> None:
        """Closes the file."""
