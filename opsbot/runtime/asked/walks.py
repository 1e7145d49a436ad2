"""Runbooks, and walks through them."""

from __future__ import annotations

from typing import Protocol

from opsbot.domain.actor import Actor
from opsbot.domain.runbook import Listed
from opsbot.domain.walk import Mark, Walk


class Walks(Protocol):
    """Each method raises `UsageError` for a runbook, target or walk that is not there, with the remedy, and
    `Refused` for what cannot be done with a walk now.

    A walk goes on by `advance`, one look of opsbot's at a time while `Walk.due`, and by `answer` for the step
    that `Walk.asks` for. What comes of it is written into the timeline of the walk's incident.
    """

    async def runbooks(self, target: str = "", incident: int | None = None) -> tuple[Listed, ...]:
        """All of them: those that fit the firing rules of the incident (None: of any live one, of the target
        if it is named) first."""

    async def mistakes(self) -> tuple[str, ...]:
        """Everything that is wrong with runbooks: one sentence each, with file and line."""

    async def source(self, name: str) -> str:
        """A runbook as it is written."""

    async def begin(self, name: str, target: str, actor: Actor, incident: int | None = None) -> Walk:
        """A walk at its beginning; without an incident it belongs to the target's live one, if there is."""

    async def walk(self, walk_id: str) -> Walk:
        """A walk as it stands."""

    async def advance(self, walk_id: str) -> Walk:
        """Does the next step that is opsbot's, if one is due. Two who ask at once wait for the same look."""

    async def answer(self, walk_id: str, step: int, mark: Mark, actor: Actor) -> Walk:
        """A person has done a step (counted from 1), or not."""

    async def again(self, walk_id: str, actor: Actor) -> Walk:
        """All that opsbot has looked at is due again."""

    async def leave(self, walk_id: str) -> Walk:
        """Nobody can be asked: the step that waits for a person is left."""

    async def end(self, walk_id: str, actor: Actor) -> Walk:
        """Ends it before its last step."""
