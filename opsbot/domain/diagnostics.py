"""Diagnostic bundles and profiles: what may be in them, how far one is, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.actor import Actor
from opsbot.domain.moment import Moment

MIB = 1_048_576

UPLOAD = 10 * MIB
"""Bytes of the largest file that Discord takes where nothing was boosted or bought
(https://discord.com/developers/docs/reference#uploading-files)."""

APART = 600.0
"""Seconds between two investigations of one target that opsbot begins by itself."""


@dataclass(frozen=True, slots=True)
class Investigation:
    """What opsbot collects by itself about a target: for rules with the action `investigate`, and, `on_p1`,
    for each incident that becomes one of priority P1."""

    on_p1: bool = True


@dataclass(frozen=True, slots=True)
class BundlePolicy:
    """`most_bytes`: of one bundle; `profile`: py-spy may look into targets; `environment`: variables of a
    target whose values are told, beside those that never hold a secret; `keep`, `keep_bytes`, `keep_seconds`:
    of attachments, whichever is reached first. `on_p1`: see `Investigation`."""

    most_bytes: int = UPLOAD
    profile: bool = False
    environment: tuple[str, ...] = ()
    keep: int = 100
    keep_bytes: int = 200 * MIB
    keep_seconds: float = 90 * 86_400.0
    on_p1: bool = True


class PartState(StrEnum):
    """How far a part of a bundle is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # could not be collected
    DROPPED = "dropped"  # was collected, and had no room


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part, for people: its file, what is in it, its `size` in bytes, what was `hidden` (secrets), and
    why it is not there."""

    file: str
    title: str
    state: PartState = PartState.WAITING
    size: int = 0
    hidden: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle, as far as it is. `version` grows with each change. `name`: of its file, once it is made;
    `size` in bytes; `sha256` of the file. `error`: why there is none. `over`: nothing changes any more."""

    number: int
    target: str
    actor: Actor
    asked: Moment
    parts: tuple[PartLine, ...]
    version: int = 1
    name: str = ""
    size: int = 0
    sha256: str = ""
    error: str = ""
    over: bool = False

    @property
    def missing(self) -> tuple[PartLine, ...]:
        """Parts that are not in it."""
        return tuple(p for p in self.parts if p.state in (PartState.FAILED, PartState.DROPPED))


@dataclass(frozen=True, slots=True)
class HotFunction:
    """`own`: samples in which it ran itself, `total`: in which it or something that it called did."""

    name: str
    place: str
    own: int
    total: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a process spends its time. `samples`: looks in which it worked; `seconds`: for how long it was
    looked at. `functions`: the hottest first. `stacks`: how many different ones were seen."""

    target: str
    pid: int
    seconds: float
    samples: int
    functions: tuple[HotFunction, ...]
    stacks: int = 0
