"""Who is to be told what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.incident import Incident
from opsbot.domain.moment import Moment


class NoticeKind(StrEnum):
    """How loud a notice is."""

    OPENED = "opened"  # a new message that pings
    CHANGED = "changed"  # an edit of it
    RESOLVED = "resolved"  # an edit and a silent reply
    ESCALATED = "escalated"  # a new message that pings


@dataclass(frozen=True, slots=True)
class Notice:
    """A row of the outbox: one notifier is to be told of one incident.

    What it shows is derived from the incident as it is when delivered; the row only says that it must be.
    `id` is unique for ever (also the nonce); `attempts` so far; `due`: not before.
    """

    id: int
    notifier: str
    incident: int
    kind: NoticeKind
    created: Moment
    due: Moment
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a notifier put an incident, as that notifier wants to remember it (such as "channel/message")."""

    notifier: str
    incident: int
    place: str


@dataclass(frozen=True, slots=True)
class Telling:
    """All a notifier needs for one delivery. `late`: seconds since it was due when that is worth saying.
    `pings`: False when nobody is to be pinged, however urgent it is."""

    notice: Notice
    incident: Incident
    receipt: Receipt | None
    late: float = 0.0
    pings: bool = True
