"""Something done to a target: asked, guarded, run step by step, recorded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.actor import Actor
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind


class StepState(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an action; `seconds` it took (or has taken so far)."""

    title: str
    state: StepState = StepState.WAITING
    seconds: float = 0.0
    detail: str = ""


class ActionState(StrEnum):
    """How far an action is. `UNKNOWN`: opsbot died while it ran and it must not be repeated."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Action:
    """A restart, start, stop, … of a target. `generation`: the desired state it serves."""

    id: int
    target: str
    kind: ActionKind
    actor: Actor
    reason: str
    asked: Moment
    generation: int
    incident: int | None = None
    state: ActionState = ActionState.RUNNING
    steps: tuple[Step, ...] = ()
    ended: Moment | None = None
    detail: str = ""


class Wanted(StrEnum):
    """What a target should be."""

    RUNNING = "running"
    STOPPED = "stopped"
    AS_FOUND = "as_found"  # watched only: opsbot was never asked to start or stop it


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired state of a target: `generation` grows with each wish; a process of an older generation
    is to be replaced, one of this generation is what was asked for."""

    target: str
    generation: int
    wanted: Wanted
    actor: Actor
    reason: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Pause:
    """All automation of a target is held until `until`."""

    target: str
    until: Moment
    actor: Actor
    reason: str
    at: Moment


@dataclass(frozen=True, slots=True)
class RestartMark:
    """One restart in the budget. `automatic`: decided by a rule, not by a person."""

    target: str
    at: Moment
    automatic: bool
