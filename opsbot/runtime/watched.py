"""A check under watch, and the loops that people know checks by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from opsbot.checks.base import Check
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Observation, Sample
from opsbot.domain.target import CheckSpec

LOOPS = {
    "health": ("http", "port"),
    "performance": ("process",),
    "logs": ("log", "upstream"),
    "gateway": ("gateway", "sockets"),
    "disk": ("disk",),
}
"""The monitoring loops people can pause and run, and the kinds of checks in each."""


@dataclass(slots=True)
class Watched:
    """One check of one target, with its state of schedule. `loop`: which it belongs to; `glance`: the check's
    own, if it has one. `looking`: the look under way, if any; `again`: it was woken meanwhile, by something
    that this look may have been too early for."""

    target: str
    spec: CheckSpec
    check: Check
    loop: str
    glance: Callable[[], Observation | None] | None
    due: float = 0.0
    looking: asyncio.Task[Sample] | None = None
    again: bool = False
    broke: str = ""
    last: Moment | None = None
    runs: int = 0
    errors: int = 0


def loop_of(kind: str) -> str:
    """The loop that a kind of check belongs to; a kind that no loop names is part of `health`."""
    return next((name for name, kinds in LOOPS.items() if kind in kinds), "health")
