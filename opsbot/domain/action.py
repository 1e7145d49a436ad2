"""Something done to a target: asked, guarded, run step by step, recorded."""

from __future__ import annotations

from collections.abc import Mapping
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


class StepName(StrEnum):
    """What a step does, in the words that people see."""

    BACKUP = "Back up the log"
    TERM = "Ask it to stop (SIGTERM)"
    KILL = "Kill it if it does not (SIGKILL)"
    PORT = "Check that its port is free"
    START = "Start it"
    VERIFY = "Verify process, port and health"
    SET_ASIDE = "Set the log aside"
    COMPRESS = "Compress it"
    PRUNE = "Remove old archives"
    COLLECT = "Collect diagnostics"
    ATTACH = "Attach them to the incident"
    WATCH = "Watch it every second"
    ASK = "Ask whether the keys are accepted"
    READ = "Read what the log says of them"


STEPS: Mapping[ActionKind, tuple[StepName, ...]] = {
    ActionKind.RESTART: (
        StepName.BACKUP,
        StepName.TERM,
        StepName.KILL,
        StepName.PORT,
        StepName.START,
        StepName.VERIFY,
    ),
    ActionKind.STOP: (StepName.TERM, StepName.KILL),
    ActionKind.START: (StepName.PORT, StepName.START, StepName.VERIFY),
    ActionKind.ROTATE_LOGS: (StepName.SET_ASIDE, StepName.COMPRESS, StepName.PRUNE),
    ActionKind.INVESTIGATE: (StepName.COLLECT, StepName.ATTACH),
    ActionKind.MONITOR: (StepName.WATCH,),
    ActionKind.CHECK_API_KEY: (StepName.ASK, StepName.READ),
}
"""The steps of each kind of action; a restart's are the guide's six steps of restart-bot.sh, in its order."""

LOOKS = (ActionKind.INVESTIGATE, ActionKind.MONITOR, ActionKind.CHECK_API_KEY)
"""What only looks: it is begun by itself, for an incident, and its end is a line of that."""


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
class Rotate:
    """What is asked of a rotation beyond the configuration: only from `min_bytes` on, `keep` archives (None:
    as configured); `finish`: nothing new is set aside, only what earlier rotations left is finished."""

    min_bytes: int = 0
    keep: int | None = None
    finish: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A restart, start, stop, … of a target. `generation`: the desired state it serves (0: none, it leaves
    the service alone). `file`: what it left for the incident, see `Entry`. `tries`: how often it was begun,
    counted where that is bounded."""

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
    rotate: Rotate | None = None
    file: str = ""
    tries: int = 1

    @property
    def on_service(self) -> bool:
        """Whether it starts or stops the service; of those one runs at a time on a target."""
        return self.kind in (ActionKind.RESTART, ActionKind.START, ActionKind.STOP)


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
