"""What can happen: everything the pipeline hands to `engine.step`."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.action import Action, Rotate
from opsbot.domain.actor import Actor
from opsbot.domain.incident import Incident
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Receipt
from opsbot.domain.process import Exit, Running
from opsbot.domain.reach import Round
from opsbot.domain.rule import ActionKind
from opsbot.domain.sample import Sample
from opsbot.domain.silence import Matcher


@dataclass(frozen=True, slots=True)
class SampleSeen:
    """A check looked."""

    sample: Sample


@dataclass(frozen=True, slots=True)
class ProcessFound:
    """The supervisor found the target running (at start, after a hand-over, after a start)."""

    target: str
    running: Running


@dataclass(frozen=True, slots=True)
class ProcessMissing:
    """The supervisor looked and found no process; `exit` is the last one's, if known. `alike`: processes that
    look like the target, and keep it from being started."""

    target: str
    exit: Exit | None
    alike: int = 0


@dataclass(frozen=True, slots=True)
class ProcessHidden:
    """The supervisor could not look: whether it runs is not known, and only the checks can tell."""

    target: str


@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """The target's process ended."""

    target: str
    running: Running
    exit: Exit


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person takes an incident on."""

    incident: int
    actor: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class NoteAsked:
    """Something is to stand in an incident's timeline, also of one that is over: a person's words, or what
    opsbot did. `file`: see `Entry`."""

    incident: int
    actor: Actor
    text: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class AssignAsked:
    """A person gives an incident to somebody."""

    incident: int
    actor: Actor
    to: Actor


@dataclass(frozen=True, slots=True)
class ResolveAsked:
    """A person says that an incident is over."""

    incident: int
    actor: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class SilenceAsked:
    """A person wants alerts not to be told for `seconds`. `incident`: its target is silenced, whatever the
    matcher says; without `seconds` until that is over."""

    matcher: Matcher
    seconds: float | None
    actor: Actor
    reason: str
    maintenance: bool = False
    incident: int = 0


@dataclass(frozen=True, slots=True)
class UnsilenceAsked:
    """A person ends a silence."""

    number: int
    actor: Actor


@dataclass(frozen=True, slots=True)
class DeployAsked:
    """A person brings a new version of a target out, which takes `seconds`. `place`: see `Deploy`."""

    target: str
    version: str
    seconds: float
    actor: Actor
    place: str = ""


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """A person holds a target's automation for `seconds`."""

    target: str
    seconds: float
    actor: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeAsked:
    """A person ends the pause."""

    target: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class ActionAsked:
    """A person, or opsbot at its start, wants a target restarted, started or stopped."""

    target: str
    kind: ActionKind
    actor: Actor
    reason: str
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class RotateAsked:
    """A person or the schedule wants a target's log rotated."""

    target: str
    actor: Actor
    reason: str
    rotate: Rotate


@dataclass(frozen=True, slots=True)
class Adopted:
    """A person has taken a process that somebody started for the target's: it is wanted to run."""

    target: str
    pid: int
    actor: Actor


@dataclass(frozen=True, slots=True)
class ActionMoved:
    """A running action has made progress or ended (its `state` says which). `hopeless`: it failed in a way
    that trying again cannot help, such as a missing executable."""

    action: Action
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class LastLines:
    """What a target said last, newest last: its incident is to show it."""

    target: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """The outbox delivered notices (all of one incident and notifier), or gave them up (`dead`).

    `told`: the incident as it was told. `expired`: given up because it is over so long that nobody need be
    told any more: no trouble.
    """

    notices: tuple[int, ...]
    receipt: Receipt | None = None
    dead: str = ""
    told: Incident | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Stuck:
    """A notifier does not deliver and will not soon: `text` says why, one clause for people."""

    notifier: str
    text: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """Something for the audit alone: who did what with which outcome (such as `refused`)."""

    actor: Actor
    verb: str
    target: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OwnTrouble:
    """Something is wrong with opsbot itself, in words for people; without words it is over."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class ReachSeen:
    """opsbot has probed what it reaches itself."""

    found: Round


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was looked at between two moments, in words for people."""

    since: Moment
    until: Moment
    text: str


@dataclass(frozen=True, slots=True)
class Restate:
    """The store has begun a new file: all that is decided is to be written once more. `without_timeline`:
    numbers of the incidents whose timeline is lost there."""

    without_timeline: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: something is due."""


Input = (
    SampleSeen
    | ProcessFound
    | ProcessMissing
    | ProcessHidden
    | ProcessEnded
    | Acknowledge
    | NoteAsked
    | AssignAsked
    | ResolveAsked
    | SilenceAsked
    | UnsilenceAsked
    | DeployAsked
    | PauseAsked
    | ResumeAsked
    | ActionAsked
    | RotateAsked
    | Adopted
    | ActionMoved
    | LastLines
    | Delivered
    | Stuck
    | OwnTrouble
    | ReachSeen
    | Recorded
    | Gap
    | Restate
    | Tick
)
