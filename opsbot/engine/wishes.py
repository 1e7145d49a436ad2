"""Each wish of a person to what decides it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsbot.engine import people, repair, rotation
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import (
    Acknowledge,
    ActionAsked,
    Adopted,
    AssignAsked,
    DeployAsked,
    Input,
    NoteAsked,
    PauseAsked,
    Recorded,
    ResolveAsked,
    ResumeAsked,
    RotateAsked,
    SilenceAsked,
    UnsilenceAsked,
)


def take(draft: Draft, given: Input) -> None:
    """Decides what somebody wants.

    Raises:
        Refused: it cannot be.
    """
    _WISHES[type(given)](draft, given)


def _resume(draft: Draft, given: ResumeAsked) -> None:
    people.resume(draft, given.target, given.actor)
    repair.consider(draft, draft.state.known[given.target])


def _record(draft: Draft, given: Recorded) -> None:
    draft.audit(given.actor, given.verb, given.target, given.outcome, given.reason)


_WISHES: Mapping[type, Callable[[Draft, Any], object]] = {
    Acknowledge: people.acknowledge,
    ActionAsked: people.ask,
    Adopted: people.adopt,
    AssignAsked: people.assign,
    DeployAsked: people.deploy,
    NoteAsked: people.note,
    PauseAsked: people.pause,
    Recorded: _record,
    ResolveAsked: people.resolve,
    ResumeAsked: _resume,
    RotateAsked: rotation.ask,
    SilenceAsked: people.silence,
    UnsilenceAsked: people.unsilence,
}
