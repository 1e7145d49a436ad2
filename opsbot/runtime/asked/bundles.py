"""Diagnostic bundles and profiles of targets."""

from __future__ import annotations

from typing import Protocol

from opsbot.domain.actor import Actor
from opsbot.domain.diagnostics import Bundle, Profile


class Bundles(Protocol):
    """Each method raises `UsageError` for an unknown target or bundle, `Refused` for what is not possible
    now, with the reason and the remedy."""

    async def begin(self, target: str, actor: Actor) -> Bundle:
        """Begins to make one, which goes on whether or not somebody looks."""

    async def look(self, number: int, version: int) -> Bundle:
        """A bundle as it is, as soon as it is another than `version` or is over."""

    async def take(self, number: int) -> bytes:
        """The file of one that is made. It is kept nowhere else, and can be taken once."""

    async def profile(self, target: str, seconds: int, actor: Actor) -> Profile:
        """Looks for so many seconds where the target spends its time."""
