"""How a walk goes on: pure, `now` (seconds since 1970 UTC) is an argument."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.actor import Actor
from opsbot.domain.runbook import Runbook
from opsbot.domain.walk import ANSWERS, Mark, Walk, WalkStep
from opsbot.errors import Refused, UsageError

SAID = {
    Mark.FINE: "done",
    Mark.WRONG: "no",
    Mark.SKIPPED: "skipped",
    Mark.UNSURE: "not certain",
    Mark.LEFT: "left to people",
    Mark.WAITING: "waiting",
}


def begun(
    walk_id: str, runbook: Runbook, target: str, incident: int | None, actor: Actor, now: float
) -> Walk:
    """A walk at its beginning. It has its own copy of the steps: whatever becomes of the file, it goes on as
    it began."""
    steps = tuple(WalkStep(step.title, step.text, step.directive) for step in runbook.steps)
    return Walk(walk_id, runbook.name, runbook.title, runbook.digest, target, actor, now, steps, incident)


def seen(walk: Walk, number: int, mark: Mark, evidence: str, now: float) -> Walk:
    """opsbot has looked. What somebody ended or answered meanwhile stays as it is."""
    step = walk.steps[number - 1]
    if walk.over or step.mark is not Mark.WAITING:
        return walk
    return _finished(_with(walk, number, replace(step, mark=mark, evidence=evidence, at=now)), now)


def answered(walk: Walk, number: int, mark: Mark, actor: Actor, now: float) -> Walk:
    """A person has done a step, or not.

    Raises:
        Refused: somebody did so before, the walk is over, or another step comes first.
        UsageError: there is no such step, or it is opsbot's.
    """
    _must_go_on(walk)
    if not 1 <= number <= len(walk.steps) or mark not in ANSWERS or walk.steps[number - 1].automatic:
        raise UsageError("This button fits no step of this walk: use those of its newest message.")
    step = walk.steps[number - 1]
    if step.by is not None:
        raise Refused(f"Step {number} was answered by {step.by.name} already: {SAID[step.mark]}.")
    if walk.current != number:
        raise Refused(f"Step {walk.current} comes first.")
    return _finished(_with(walk, number, replace(step, mark=mark, by=actor, at=now)), now)


def left(walk: Walk, now: float) -> Walk:
    """Nobody is there to be asked: the step that waits for a person is left to whoever reads of it."""
    if walk.asks is None:
        return walk
    step = replace(walk.steps[walk.asks - 1], mark=Mark.LEFT, at=now)
    return _finished(_with(walk, walk.asks, step), now)


def again(walk: Walk) -> Walk:
    """All that opsbot has looked at is to be looked at anew.

    Raises:
        Refused: the walk is over.
    """
    _must_go_on(walk)
    steps = (WalkStep(s.title, s.text, s.ask, told=s.told) if s.automatic else s for s in walk.steps)
    return replace(walk, steps=tuple(steps))


def ended(walk: Walk, actor: Actor, now: float) -> Walk:
    """Somebody ends it before its last step.

    Raises:
        Refused: it is over.
    """
    _must_go_on(walk)
    return replace(walk, ended=now, ended_by=actor)


def told(walk: Walk) -> Walk:
    """The timeline has all that opsbot has looked at."""
    steps = (replace(s, told=s.mark) if s.automatic and s.mark is not Mark.WAITING else s for s in walk.steps)
    return replace(walk, steps=tuple(steps))


def _must_go_on(walk: Walk) -> None:
    if walk.over:
        by = f": {walk.ended_by.name} ended it" if walk.ended_by else ""
        raise Refused(f"This walk is over{by}. /runbook begins a new one.")


def _with(walk: Walk, number: int, step: WalkStep) -> Walk:
    return replace(walk, steps=(*walk.steps[: number - 1], step, *walk.steps[number:]))


def _finished(walk: Walk, now: float) -> Walk:
    return replace(walk, ended=now) if walk.current is None else walk
