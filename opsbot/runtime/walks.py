"""Runbooks as people ask for them, and the walks through them, which outlive opsbot."""

from __future__ import annotations

import asyncio
import difflib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from opsbot.clock import Clock
from opsbot.domain.actor import AUTO, Actor
from opsbot.domain.incident import Incident
from opsbot.domain.runbook import Listed, Runbook
from opsbot.domain.walk import Mark, Walk
from opsbot.engine.state import Known, State
from opsbot.errors import OpsbotError, Stopping, UsageError
from opsbot.runbooks import walking
from opsbot.runbooks.directives import DirectiveError, directive
from opsbot.runbooks.kept import KeptWalks
from opsbot.runbooks.library import Books, Library
from opsbot.runtime.asks import Asker
from opsbot.runtime.known import known_target
from opsbot.runtime.ops import Ops
from opsbot.runtime.parts import Parts
from opsbot.runtime.people import WORDS
from opsbot.text import one_line

GONE = "This walk is not kept any more (walks are kept for 30 days). /runbook begins a new one."

RECENT = 6 * 3600.0
"""Seconds after its beginning in which a walk of somebody else's is worth a word."""

_NAME, _LINE = 80, 250

Note = Callable[[int, Actor, str], Awaitable[object]]

log = structlog.get_logger("opsbot.runbooks")


@dataclass(slots=True)
class Walker:
    """Implements `asked.walks.Walks`. `known`: a target by its name, or `UsageError`; `note`: adds to an
    incident's timeline."""

    state: State
    asker: Asker
    library: Library
    kept: KeptWalks
    known: Callable[[str], Known]
    note: Note
    clock: Clock
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looking: dict[str, asyncio.Event] = field(default_factory=dict)

    # -- runbooks

    async def runbooks(self, target: str = "", incident: int | None = None) -> tuple[Listed, ...]:
        """All of them, those that fit first."""
        books = await asyncio.to_thread(self.library.books)
        rules = self._firing(target, incident)
        listed = [_listed(book, rules) for book in books.runbooks.values()]
        listed += [Listed(name, name, mistake=str(wrong[0])) for name, wrong in books.broken.items()]
        return tuple(sorted(listed, key=lambda one: (-one.fits, one.title.casefold())))

    async def mistakes(self) -> tuple[str, ...]:
        """Everything that is wrong with runbooks."""
        return tuple(map(str, (await asyncio.to_thread(self.library.books)).mistakes))

    async def source(self, name: str) -> str:
        """A runbook as it is written."""
        return (await self._runbook(name)).source

    # -- walks

    async def begin(self, name: str, target: str, actor: Actor, incident: int | None = None) -> Walk:
        """A walk at its beginning."""
        known = self.known(target).target.name
        runbook = await self._runbook(name)
        number = incident if incident is not None else next((i.id for i in self._live(known)), None)
        walk = walking.begun(secrets.token_urlsafe(12), runbook, known, number, actor, self._now())
        await asyncio.to_thread(self._keep_new, walk)
        await self._note(walk, actor, f"began the runbook “{walk.title}”")
        return await self._as_shown(walk)

    async def walk(self, walk_id: str) -> Walk:
        """A walk as it stands."""
        return await self._as_shown(await self._found(walk_id))

    async def advance(self, walk_id: str) -> Walk:
        """Does the next step that is opsbot's; who asks meanwhile waits for the same look."""
        looking = self._looking.get(walk_id)
        if looking is not None:
            await looking.wait()
            return await self.walk(walk_id)
        self._looking[walk_id] = ended = asyncio.Event()
        try:
            return await self._advance(walk_id)
        finally:
            del self._looking[walk_id]
            ended.set()

    async def answer(self, walk_id: str, step: int, mark: Mark, actor: Actor) -> Walk:
        """A person has done a step, or not."""
        walk = await self._change(walk_id, lambda w: walking.answered(w, step, mark, actor, self._now()))
        title = one_line(walk.steps[step - 1].title, _NAME)
        await self._note(walk, actor, f"{_head(walk)}, step {step} “{title}”: {walking.SAID[mark]}")
        return await self._shown_after(walk)

    async def again(self, walk_id: str, actor: Actor) -> Walk:  # noqa: ARG002 - a look changes nothing
        """All that opsbot has looked at is due again."""
        return await self._as_shown(await self._change(walk_id, walking.again))

    async def leave(self, walk_id: str) -> Walk:
        """The step that waits for a person is left."""
        return await self._shown_after(await self._change(walk_id, lambda w: walking.left(w, self._now())))

    async def end(self, walk_id: str, actor: Actor) -> Walk:
        """Ends it before its last step."""
        walk = await self._change(walk_id, lambda w: walking.ended(w, actor, self._now()))
        return await self._shown_after(walk)

    # -- helpers

    async def _advance(self, walk_id: str) -> Walk:
        walk = await self._found(walk_id)
        number = walk.current
        if number is None or not walk.due:
            return await self._as_shown(walk)
        mark, evidence = await self._looked(walk, walk.steps[number - 1].ask)
        walk = await self._change(walk_id, lambda w: walking.seen(w, number, mark, evidence, self._now()))
        if not walk.due:
            for line in _results(walk):
                await self._note(walk, AUTO, line)
            walk = await self._change(walk_id, walking.told)
        return await self._shown_after(walk)

    async def _looked(self, walk: Walk, written: str) -> tuple[Mark, str]:
        try:
            return await self.asker.ask(self.known(walk.target), directive(written))
        except Stopping:
            raise
        except (UsageError, DirectiveError) as error:  # the target is gone; or another opsbot wrote the walk
            return Mark.UNSURE, one_line(str(error), _LINE)

    async def _shown_after(self, walk: Walk) -> Walk:
        """When that was the end of it, the timeline is told."""
        if walk.over:
            actor = walk.ended_by or AUTO
            await self._note(walk, actor, f"{_head(walk)} is over: {counts(walk)}")
        return await self._as_shown(walk)

    async def _runbook(self, name: str) -> Runbook:
        books = await asyncio.to_thread(self.library.books)
        if name in books.broken:
            raise UsageError(f"This runbook cannot be walked. {books.broken[name][0]}")
        if name not in books.runbooks:
            raise UsageError(f"There is no runbook `{one_line(name, _NAME)}`: {_nearest(name, books)}")
        return books.runbooks[name]

    async def _found(self, walk_id: str) -> Walk:
        walk = await asyncio.to_thread(self.kept.read, walk_id)
        if walk is None:
            raise UsageError(GONE)
        return walk

    async def _change(self, walk_id: str, change: Callable[[Walk], Walk]) -> Walk:
        """One change at a time, so that of two presses one finds what the other did."""
        async with self._turn:
            before = await self._found(walk_id)
            after = change(before)
            if after != before:
                await asyncio.to_thread(self.kept.write, after)
            return after

    def _keep_new(self, walk: Walk) -> None:
        self.kept.write(walk)
        self.kept.prune(self._now())

    async def _as_shown(self, walk: Walk) -> Walk:
        if walk.over:
            return walk
        books, others = await asyncio.to_thread(lambda: (self.library.books(), self.kept.all()))
        return replace(walk, remarks=tuple(self._remarks(walk, books, others)))

    def _remarks(self, walk: Walk, books: Books, others: Iterable[Walk]) -> Iterator[str]:
        runbook = books.runbooks.get(walk.runbook)
        if runbook is None:
            yield "The runbook is gone since this walk began: it goes on with the steps as they were."
        elif runbook.digest != walk.digest:
            yield "The runbook has changed since this walk began: it goes on with the steps as they were."
        try:
            self.known(walk.target)
        except UsageError as error:
            yield f"opsbot cannot look any more. {error}"
        for other in others:
            same = (other.runbook, other.target) == (walk.runbook, walk.target) and other.id != walk.id
            if same and not other.over and 0 <= self._now() - other.begun < RECENT:
                yield f"{other.actor.name} walks it too."

    def _firing(self, target: str, incident: int | None) -> list[str]:
        """The rules that complain now."""
        found = self._live(target) if incident is None else [self.state.incidents.get(incident)]
        return sorted({rule for one in found if one is not None for rule in _rules(one)})

    def _live(self, target: str) -> list[Incident]:
        """The live incidents that a target has a part in, its own first; of all when none is named."""
        live = [
            i
            for i in self.state.live_incidents()
            if target in ("", i.target, *(a.target for a in i.affected))
        ]
        return sorted(live, key=lambda i: i.target != target)

    async def _note(self, walk: Walk, actor: Actor, text: str) -> None:
        """An incident that is gone, or cannot be written now (opsbot ends), holds no walk up."""
        if walk.incident is None:
            return
        try:
            await self.note(walk.incident, actor, text)
        except OpsbotError as error:
            log.info("a walk is not in the timeline", walk=walk.id, incident=walk.incident, reason=str(error))

    def _now(self) -> float:
        return self.clock.now().wall


def walker_of(ops: Ops, parts: Parts) -> Walker:
    """The walks of one runtime."""
    state, clock = parts.state, parts.clock
    asker = Asker(state, ops.scheduler, ops.processes, ops.figures, clock, ops.analyst)
    library, kept = Library(parts.runbooks), KeptWalks(parts.walks)
    return Walker(state, asker, library, kept, partial(known_target, state), ops.people.note, clock)


def counts(walk: Walk) -> str:
    """ "4 fine, 1 wrong, 1 skipped"."""
    names = {Mark.FINE: "fine", Mark.WRONG: "wrong", Mark.UNSURE: "not certain", Mark.SKIPPED: "skipped"}
    names |= {Mark.LEFT: "left to people", Mark.WAITING: "not done"}
    return ", ".join(f"{walk.count(mark)} {name}" for mark, name in names.items() if walk.count(mark))


def _head(walk: Walk) -> str:
    return f"Runbook “{one_line(walk.title, _NAME)}”"


def _results(walk: Walk) -> Iterator[str]:
    """What opsbot sees otherwise than it has told: as many lines as that takes, mostly one. What is right is
    a number, the rest stands there with its evidence."""
    new = [
        (number, step)
        for number, step in enumerate(walk.steps, 1)
        if step.automatic and step.mark not in (Mark.WAITING, step.told)
    ]
    fine = ", ".join(str(number) for number, step in new if step.mark is Mark.FINE)
    parts = [f"✓ {fine}"] if fine else []
    for number, step in new:
        if step.mark is not Mark.FINE:
            sign = "✗" if step.mark is Mark.WRONG else "?"
            parts.append(f"{sign} {number} {one_line(step.title, _NAME)}: {one_line(step.evidence, _NAME)}")
    while parts:
        line = f"{_head(walk)}: {parts.pop(0)}"
        while parts and len(line) + len(parts[0]) < WORDS - 3:
            line += f" · {parts.pop(0)}"
        yield line


def _rules(incident: Incident) -> Iterable[str]:
    """Those that fire; of an incident that is over, all."""
    firing = [line.rule for line in incident.alerts if line.firing]
    firing += [rule for other in incident.affected for rule in other.firing]
    return firing or [line.rule for line in incident.alerts]


def _listed(book: Runbook, rules: Iterable[str]) -> Listed:
    return Listed(book.name, book.title, book.summary, sum(book.fits(rule) for rule in rules))


def _nearest(name: str, books: Books) -> str:
    names = [*books.runbooks, *books.broken]
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known are {', '.join(names)}." if names else "there are none, see `runbooks.dir`."
