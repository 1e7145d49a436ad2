"""What can be said of an incident when it is over: how long each part took, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.lasting import between, in_all, told_after
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind

ACKNOWLEDGED = "acknowledged"
"""How the line of a timeline begins that says who took it on."""

ENDED = "resolved:"
"""Likewise, that it is over."""


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Times in seconds, None where they are not known (or it never happened).

    `detect`: from when the condition became true until the alert fired. `told`: from then until a message
    first arrived where people read it. `acknowledge`: from the alert (its last one, of what came back) until
    somebody first took it on, `who`. `restore`: how long it was open, in all. `acts`: what was done to its
    target meanwhile, oldest first. `automatic`, `by_people`: restarts that began; `failed`: those that did
    not end well. `reopened`: how often it came back. `notes`: what people wrote into its timeline.
    """

    detect: float | None
    told: float | None
    acknowledge: float | None
    restore: float | None
    who: Actor | None
    acts: tuple[AuditEntry, ...]
    automatic: int
    by_people: int
    failed: int
    reopened: int
    notes: int

    @property
    def restarts(self) -> int:
        """Of whatever origin."""
        return self.automatic + self.by_people


def hindsight(incident: Incident, timeline: Sequence[Entry], acts: Sequence[AuditEntry]) -> Hindsight:
    """`timeline`: the whole of it; `acts`: of its time and its target, others are passed over."""
    mine = tuple(act for act in acts if act.target == incident.target and _within(act, incident))
    restarts = [act for act in mine if act.verb == ActionKind.RESTART.value]
    begun = [act for act in restarts if act.outcome == "allowed"]
    automatic = sum(act.actor.kind is ActorKind.AUTO for act in begun)
    who, at = _taken_on(incident, timeline)
    return Hindsight(
        detect=None if incident.true_since is None else between(incident.true_since, incident.opened),
        told=told_after(incident.openings[0]),
        acknowledge=None if at is None else between(_opening_of(incident, at), at),
        restore=in_all(incident),
        who=who,
        acts=mine,
        automatic=automatic,
        by_people=len(begun) - automatic,
        failed=sum(act.outcome == "failed" for act in restarts),
        reopened=_reopened(incident, timeline),
        notes=sum(_is_note(entry) for entry in timeline),
    )


def _reopened(incident: Incident, timeline: Sequence[Entry]) -> int:
    """By its ends: it remembers only the latest of its beginnings."""
    ends = sum(entry.text.startswith(ENDED) and entry.kind is not EntryKind.SEEN for entry in timeline)
    return max(len(incident.past), len(incident.begun) - 1, ends if incident.live else ends - 1, 0)


def _within(act: AuditEntry, incident: Incident) -> bool:
    """By the wall: an act's other clock is that of the boot in which it was written."""
    start = (incident.true_since or incident.opened).wall
    return act.at.wall >= min(start, incident.opened.wall) and (
        incident.resolved_at is None or act.at.wall <= incident.resolved_at.wall
    )


def _taken_on(incident: Incident, timeline: Sequence[Entry]) -> tuple[Actor | None, Moment | None]:
    """Who took it on first, and when: an incident that came back waits anew, its timeline remembers."""
    for entry in timeline:
        if entry.kind is EntryKind.SAID and entry.text.startswith(ACKNOWLEDGED):
            return entry.actor, entry.at
    return incident.acknowledged_by, incident.acknowledged_at


def _opening_of(incident: Incident, at: Moment) -> Moment:
    """When the opening began in which something happened."""
    begun = [opening.began for opening in incident.openings if opening.began.mono <= at.mono]
    return begun[-1] if begun else incident.opened


def _is_note(entry: Entry) -> bool:
    """A person's own words, not what opsbot says of a button they pressed."""
    own = entry.kind is EntryKind.SAID and entry.actor is not None and entry.actor.kind is not ActorKind.AUTO
    return own and not entry.file and not entry.text.startswith((*_OF_BUTTONS, ACKNOWLEDGED))


_OF_BUTTONS = ("automation paused", "automation resumed", "assigned to", ENDED, "pid ")
