"""Scripted bundles and profiles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.diagnostics import Bundle, HotFunction, PartLine, PartState, Profile
from opsbot.errors import UsageError

PARTS = (
    PartLine("health.txt", "The health report", PartState.DONE, 420, 0),
    PartLine("logs.txt", "The last lines of its log", PartState.DONE, 31_000, 3),
    PartLine("stacks.txt", "Its threads", PartState.FAILED, why="looking into targets is off"),
)
FILE = b"a bundle"


@dataclass(slots=True)
class FakeBundles:
    """Implements `asked.bundles.Bundles`. `parts`, `file`: of the bundle that is made; `error`: instead of
    it; `held`: what it waits for. `seen`: the profile. `note`: told each question, as `Call` has it."""

    clock: Clock
    note: Callable[..., None]
    parts: tuple[PartLine, ...] = PARTS
    file: bytes = FILE
    error: str = ""
    held: asyncio.Event | None = None
    seen: Profile = field(
        default_factory=lambda: Profile(
            "summarybot", 4711, 10.0, 998, (HotFunction("work", "bot.py:3", 700, 990),), 12
        )
    )
    begun: dict[int, Bundle] = field(default_factory=dict)

    async def begin(self, target: str, actor: Actor) -> Bundle:
        """See `Bundles`."""
        self.note("diagnostics", target, actor)
        number = len(self.begun) + 1
        waiting = tuple(PartLine(part.file, part.title) for part in self.parts)
        self.begun[number] = Bundle(number, target, actor, self.clock.now(), waiting)
        return self.begun[number]

    async def look(self, number: int, version: int) -> Bundle:
        """See `Bundles`. Begins, waits for `held`, and is over."""
        bundle = self.begun[number]
        if version == 1:
            first = replace(bundle.parts[0], state=PartState.RUNNING)
            self.begun[number] = replace(bundle, version=2, parts=(first, *bundle.parts[1:]))
        elif not bundle.over:
            if self.held is not None:
                await self.held.wait()
            made = replace(bundle, version=version + 1, over=True, error=self.error)
            if not self.error:
                made = replace(
                    made, parts=self.parts, name="diagnostics_20260105_150400.tar.gz", size=len(self.file)
                )
            self.begun[number] = made
        return self.begun[number]

    async def take(self, number: int) -> bytes:
        """See `Bundles`."""
        self.note("take", str(number))
        if not self.begun[number].over:
            raise UsageError("It is not made yet.")
        return self.file

    async def profile(self, target: str, seconds: int, actor: Actor) -> Profile:
        """See `Bundles`. Answers `seen`."""
        self.note("profile", target, actor, str(seconds))
        if self.held is not None:
            await self.held.wait()
        return replace(self.seen, target=target, seconds=float(seconds))
