"""Scripted runbooks: a walk goes on as the real one does, but opsbot sees what the test put in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from opsbot.clock import Clock
from opsbot.domain.actor import Actor
from opsbot.domain.runbook import AskCheck, Listed, Runbook, RunbookStep
from opsbot.domain.walk import Mark, Walk
from opsbot.errors import UsageError
from opsbot.runbooks import walking

RUNBOOK = Runbook(
    "no-answer",
    "The bot does not answer",
    (
        RunbookStep("Is it online?", ask=AskCheck("process"), directive="check process"),
        RunbookStep("Ask who changed something", "In the ops channel."),
        RunbookStep("Does it answer now?", ask=AskCheck("http"), directive="check http"),
    ),
    ("bot_process_down",),
    source="# The bot does not answer\n",
)


@dataclass(slots=True)
class FakeWalks:
    """Implements `asked.walks.Walks`. `listed`: what there is; `saw`: what opsbot sees at each look, by its
    directive; `held`: what every look waits for. `note`: told each question,
    as `Call` has it."""

    clock: Clock
    note: Callable[..., None]
    books: dict[str, Runbook] = field(default_factory=lambda: {RUNBOOK.name: RUNBOOK})
    listed: tuple[Listed, ...] = (Listed(RUNBOOK.name, RUNBOOK.title),)
    wrong: tuple[str, ...] = ()
    saw: dict[str, tuple[Mark, str]] = field(default_factory=dict)
    held: asyncio.Event | None = None
    walks: dict[str, Walk] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    async def runbooks(self, target: str = "", incident: int | None = None) -> tuple[Listed, ...]:
        """See `Walks`."""
        self.note("runbooks", target, detail="" if incident is None else str(incident))
        return self.listed

    async def mistakes(self) -> tuple[str, ...]:
        """See `Walks`."""
        self.note("mistakes")
        return self.wrong

    async def source(self, name: str) -> str:
        """See `Walks`."""
        self.note("source", name)
        return self._book(name).source

    async def begin(self, name: str, target: str, actor: Actor, incident: int | None = None) -> Walk:
        """See `Walks`. Ids are AAAA…, BAAA…, and so on."""
        self.note("begin", target, actor, name)
        walk_id = chr(ord("A") + len(self.walks)) + "A" * 15
        now = self.clock.now().wall
        self.walks[walk_id] = walking.begun(walk_id, self._book(name), target, incident, actor, now)
        return await self.walk(walk_id)

    async def walk(self, walk_id: str) -> Walk:
        """See `Walks`."""
        return replace(self._found(walk_id), remarks=self.remarks)

    async def advance(self, walk_id: str) -> Walk:
        """See `Walks`."""
        walk = self._found(walk_id)
        if self.held is not None:
            await self.held.wait()
        if walk.due and walk.current is not None:
            mark, evidence = self.saw.get(walk.steps[walk.current - 1].ask, (Mark.FINE, "running"))
            self.walks[walk_id] = walking.seen(walk, walk.current, mark, evidence, self.clock.now().wall)
        return await self.walk(walk_id)

    async def answer(self, walk_id: str, step: int, mark: Mark, actor: Actor) -> Walk:
        """See `Walks`."""
        self.note("answer", walk_id, actor, f"{step} {mark.value}")
        now = self.clock.now().wall
        self.walks[walk_id] = walking.answered(self._found(walk_id), step, mark, actor, now)
        return await self.walk(walk_id)

    async def again(self, walk_id: str, actor: Actor) -> Walk:
        """See `Walks`."""
        self.note("again", walk_id, actor)
        self.walks[walk_id] = walking.again(self._found(walk_id))
        return await self.walk(walk_id)

    async def leave(self, walk_id: str) -> Walk:
        """See `Walks`."""
        self.walks[walk_id] = walking.left(self._found(walk_id), self.clock.now().wall)
        return await self.walk(walk_id)

    async def end(self, walk_id: str, actor: Actor) -> Walk:
        """See `Walks`."""
        self.note("end", walk_id, actor)
        self.walks[walk_id] = walking.ended(self._found(walk_id), actor, self.clock.now().wall)
        return await self.walk(walk_id)

    def _book(self, name: str) -> Runbook:
        if name not in self.books:
            raise UsageError(f"There is no runbook `{name}`: known are {', '.join(self.books)}.")
        return self.books[name]

    def _found(self, walk_id: str) -> Walk:
        if walk_id not in self.walks:
            raise UsageError("This walk is not kept any more: /runbook begins a new one.")
        return self.walks[walk_id]
