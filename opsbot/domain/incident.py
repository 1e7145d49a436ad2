"""What people work on: one or more alerts of a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from opsbot.domain.actor import Actor
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment


class EntryKind(StrEnum):
    """What a line of a timeline tells."""

    SEEN = "seen"
    DECIDED = "decided"
    DONE = "done"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an incident's timeline. `file`: name of one that belongs to it, in the state directory's
    `attachments`; empty for none."""

    at: Moment
    kind: EntryKind
    text: str
    actor: Actor | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert as an incident shows it. `reason`: the evidence, such as "process not running: killed by
    SIGKILL"; untrusted. `times`: how often it has fired in this incident."""

    rule: str
    severity: Severity
    priority: Priority
    firing: bool
    since: Moment
    text: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    reason: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Affected:
    """Another target whose alerts fold into an incident. `fired`: how many have, each time counted; `firing`:
    rules that fire now; `at`: when the first did."""

    target: str
    fired: int
    firing: tuple[str, ...] = ()
    at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """One time that an incident was open. `ended`: None while it is. `told`: when a message about it first
    arrived where people read it; None where none did, or that is not known."""

    began: Moment
    ended: Moment | None = None
    told: Moment | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident. `id` is a short number that people can say, below 0 only for a drill, which is stored
    nowhere; `version` grows with every change that is worth telling.

    `doing`: what opsbot is doing about it now, one line. `timeline`: the newest `TIMELINE_SHOWN` lines of
    `lines`. `called`: notifiers in reserve that were called in for it. `alarms`: how often it was told
    loudly.

    `waiting`: since when it waits for somebody to take it on (when it opened, was reopened, or whoever had it
    did nothing more); `due`: until when somebody should, None when nobody need or it was missed already.
    `progress`: when somebody last did something about it.
    `begun`: when it opened and each time that it was reopened, of late; `calm`: since when nothing fires.
    `affected`: other targets that fold into it; `cause`: what probably is behind it all; `part_of`: the
    incident into which this one was folded, 0 for none. `silenced`: why nobody is disturbed any more.
    `true_since`: when the condition that opened it became true; None where that is not known.
    `past`: the times that it was open before it came back, oldest first; `told`: see `Opening`, of now.
    """

    id: int
    target: str
    title: str
    state: IncidentState
    priority: Priority
    severity: Severity
    opened: Moment
    version: int = 1
    alerts: tuple[AlertLine, ...] = ()
    doing: str = ""
    acknowledged_by: Actor | None = None
    acknowledged_at: Moment | None = None
    ack_reason: str = ""
    resolved_at: Moment | None = None
    timeline: tuple[Entry, ...] = field(default=())
    called: tuple[str, ...] = ()
    alarms: int = 0
    lines: int = 0
    assigned_to: Actor | None = None
    waiting: Moment | None = None
    due: Moment | None = None
    progress: Moment | None = None
    begun: tuple[Moment, ...] = ()
    calm: Moment | None = None
    affected: tuple[Affected, ...] = ()
    cause: str = ""
    part_of: int = 0
    silenced: str = ""
    true_since: Moment | None = None
    past: tuple[Opening, ...] = ()
    told: Moment | None = None

    @property
    def live(self) -> bool:
        """Not resolved yet."""
        return self.state is not IncidentState.RESOLVED

    @property
    def drill(self) -> bool:
        """A test of the notifiers: nobody can do anything about it."""
        return self.id < 0

    @property
    def began(self) -> Moment:
        """When it opened, or was reopened last."""
        return self.begun[-1] if self.begun else self.opened

    @property
    def openings(self) -> tuple[Opening, ...]:
        """Each time that it was open, the last one too."""
        end = None if self.live else self.resolved_at or self.began
        return (*self.past, Opening(self.began, end, self.told))

    @property
    def fired(self) -> int:
        """How many alerts it is made of, each time that one fired counted."""
        return sum(line.times for line in self.alerts) + sum(one.fired for one in self.affected)

    @property
    def since(self) -> Moment:
        """Since when it waits for somebody, or waited."""
        return self.waiting or self.opened


MOST_OPENINGS = 100
"""So often one incident is open; what comes back then is a new one."""

TIMELINE_SHOWN = 20
"""Timeline lines an incident carries with it; the store keeps all of them."""
