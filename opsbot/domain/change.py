"""What one step of the engine changes. A batch of these is committed in one transaction, then applied."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.action import Action, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.audit import AuditEntry
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.notice import Notice, Receipt
from opsbot.domain.silence import Deploy, Silence


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """A line added to an incident's timeline."""

    incident: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class PauseEnded:
    """A target's pause is over."""

    target: str


@dataclass(frozen=True, slots=True)
class NoticeDone:
    """A row of the outbox was delivered (`receipt` says where) or given up (`dead` says why)."""

    notice: int
    receipt: Receipt | None = None
    dead: str = ""


Change = (
    Alert
    | Incident
    | TimelineLine
    | Action
    | Desired
    | Pause
    | PauseEnded
    | RestartMark
    | AuditEntry
    | Notice
    | NoticeDone
    | Silence
    | Deploy
)
