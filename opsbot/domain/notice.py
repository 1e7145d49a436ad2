"""Who is to be told what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from opsbot.domain.incident import Incident
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.quiet import QuietHours


class NoticeKind(StrEnum):
    """How loud a notice is."""

    OPENED = "opened"  # a new message that pings
    CHANGED = "changed"  # an edit of it
    RESOLVED = "resolved"  # an edit and a silent reply
    ESCALATED = "escalated"  # a new message that pings

    @property
    def loudness(self) -> int:
        """0 for an edit to 3 for an opening: of several that wait together the loudest is told."""
        return _LOUDNESS.index(self)

    @property
    def loud(self) -> bool:
        """Whether it is a message of its own that pings."""
        return self in (NoticeKind.OPENED, NoticeKind.ESCALATED)


_LOUDNESS = [NoticeKind.CHANGED, NoticeKind.RESOLVED, NoticeKind.ESCALATED, NoticeKind.OPENED]


@dataclass(frozen=True, slots=True)
class Audience:
    """What one notifier is told.

    `reserve`: only of incidents that it was called in for (`Incident.called`). `people`: somebody reads it
    as it comes; a log file reaches nobody, so what only a log was told still counts as unheard. `edits`: what
    it was told is changed there without disturbing anybody.
    """

    levels: frozenset[Severity] = frozenset(Severity)
    priorities: frozenset[Priority] = frozenset(Priority)
    reserve: bool = False
    people: bool = True
    edits: bool = False
    quiet: QuietHours | None = None

    def wants(self, incident: Incident) -> bool:
        """Whether such an incident is for it, were it not in reserve."""
        return incident.severity in self.levels and incident.priority in self.priorities

    def due(self, incident: Incident, now: Moment) -> Moment:
        """When it may be told of the incident: now, or after its quiet hours."""
        return now if self.quiet is None else self.quiet.over(incident.priority, now)


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Whom an incident is told as well when nobody has acknowledged it `after` seconds after it opened."""

    after: float
    notifiers: tuple[str, ...]
    priorities: frozenset[Priority] = frozenset(Priority)


@dataclass(frozen=True, slots=True)
class Chain:
    """Who is told when those who are told first do not hear it, or do nothing.

    `fallback`: one after the other, each when for `silent_after` seconds nobody was reached. `steps`: by the
    time in which nobody has acknowledged.
    """

    fallback: tuple[str, ...] = ()
    silent_after: float = 300.0
    steps: tuple[EscalationStep, ...] = ()

    @property
    def reserve(self) -> frozenset[str]:
        """All that are told of an incident only when they are called in."""
        return frozenset(self.fallback).union(*(step.notifiers for step in self.steps))


@dataclass(frozen=True, slots=True)
class Notice:
    """A row of the outbox: one notifier is to be told of one incident.

    What it shows is derived from the incident as it is when delivered; the row only says that it must be.
    `id` is unique for ever (also the nonce); `due`: not before. `heard`: nobody need be called in because it
    waits, since people were told elsewhere, or somebody was called in already, or nobody is left.
    """

    id: int
    notifier: str
    incident: int
    kind: NoticeKind
    created: Moment
    due: Moment
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a notifier put an incident, as that notifier wants to remember it (such as "channel/message").

    Not remembered: `extra`, how many messages the delivery took there beside the usual one or two (a thread
    is another channel, with limits of its own); `owes`, whether
    something beside the message itself could not be delivered and is to be tried again; `missed`, whether
    what stands there was made before the newest alarm, of which people were not told.
    """

    notifier: str
    incident: int
    place: str
    extra: int = field(default=0, compare=False)
    owes: bool = field(default=False, compare=False)
    missed: bool = field(default=False, compare=False)


def nothing_waits() -> bool:
    """Nothing else is to be told."""
    return False


@dataclass(frozen=True, slots=True)
class Telling:
    """All a notifier needs for one delivery. `late`: seconds since it was due when that is worth saying.
    `pings`: False when nobody is to be pinged, however urgent it is. `busy`: whether something else waits to
    be told at this moment, so that what can wait is better owed (`Receipt.owes`). `alarmed`: when the newest
    alarm in it was decided."""

    notice: Notice
    incident: Incident
    receipt: Receipt | None
    late: float = 0.0
    pings: bool = True
    busy: Callable[[], bool] = nothing_waits
    alarmed: Moment | None = None
