"""Diagnostic bundles and profiles as people ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any

import structlog

from opsbot.clock import Clock
from opsbot.diagnostics import spy as py_spy
from opsbot.diagnostics.attachments import NoPlace
from opsbot.diagnostics.base import TITLES, NotCollected, Piece
from opsbot.diagnostics.equipment import Equipment
from opsbot.diagnostics.packing import dropped, folder_of
from opsbot.diagnostics.process import alive
from opsbot.domain.actor import Actor
from opsbot.domain.diagnostics import Bundle, PartLine, PartState, Profile
from opsbot.engine.inputs import Input, Recorded
from opsbot.errors import OpsbotError, Refused, UsageError
from opsbot.runtime.bundling import NO_FILES, BundleMaker
from opsbot.runtime.known import known_target
from opsbot.runtime.ops import Ops
from opsbot.runtime.tally import Tally
from opsbot.runtime.waiting import put_away
from opsbot.text import one_line

REMEMBERED = 20
"""Bundles that can still be asked for by their number."""

MOST_SECONDS = 60
"""Seconds of the longest profile."""

ENDED = "opsbot ended, or read its configuration anew, while it was made: ask again"
TAKEN = "That bundle is not there any more: ask for a new one."

_REASON = 300

log = structlog.get_logger("opsbot.diagnostics")


@dataclass(slots=True)
class Book:
    """What outlives a reload: how far each bundle is. `files`: those that are made and not taken."""

    bundles: dict[int, Bundle] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=partial(count, 1))
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, bundle: Bundle) -> None:
        """The bundle as it is now; one that is over stays so."""
        before = self.bundles.get(bundle.number)
        if before is None or not before.over:
            version = before.version + 1 if before is not None else bundle.version
            self.bundles[bundle.number] = replace(bundle, version=version)
            changed, self.changed = self.changed, asyncio.Event()
            changed.set()


@dataclass(slots=True)
class BundleDesk:
    """Implements `asked.bundles.Bundles`. `ask`: the pipeline, for the audit."""

    maker: BundleMaker
    clock: Clock
    ask: Callable[[Input], Awaitable[object]]
    _book: Book = field(default_factory=Book)
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _profiling: dict[str, str] = field(default_factory=dict)

    def go_on(self, before: BundleDesk) -> None:
        """Takes over what can still be asked for."""
        self._book, self.maker.threads = before._book, before.maker.threads

    async def close(self) -> None:
        """Breaks off what it is making, and says so."""
        tasks = dict(self._tasks)
        await put_away(*tasks.values())
        for number in tasks:
            self._end(number, error=ENDED)

    # -- bundles

    async def begin(self, target: str, actor: Actor) -> Bundle:
        """Begins to make one."""
        known_target(self.maker.ops.pipeline.state, target)
        if self.maker.equipment.folder is None:
            raise Refused(f"Not possible: {NO_FILES}.")
        for other in self._book.bundles.values():
            if other.target == target and not other.over:
                raise Refused(f"A bundle of {target} is being made, asked by {other.actor.name}.")
        await self._forget()
        number = next(self._book.numbers)
        lines = tuple(PartLine(file, title) for file, title in TITLES.items())
        self._book.put(Bundle(number, target, actor, self.clock.now(), lines))
        try:
            await self.ask(Recorded(actor, "diagnostics", target, "allowed"))
        except BaseException:
            del self._book.bundles[number]
            raise
        self._tasks[number] = asyncio.create_task(self._run(number), name="diagnostics")
        return self._book.bundles[number]

    async def look(self, number: int, version: int) -> Bundle:
        """As soon as it is another than `version`, or is over."""
        while True:
            changed, bundle = self._book.changed, self._book.bundles.get(number)
            if bundle is None:
                raise UsageError(TAKEN)
            if bundle.over or bundle.version != version:
                return bundle
            await changed.wait()

    async def take(self, number: int) -> bytes:
        """The file, once."""
        name = self._book.files.pop(number, None)
        if name is None:
            raise UsageError(TAKEN)
        try:
            return await self.maker.take(name)
        except (NoPlace, NotCollected, FileNotFoundError) as error:
            raise UsageError(TAKEN) from error

    async def _run(self, number: int) -> None:
        bundle = self._book.bundles[number]
        try:
            name, packed = await self.maker.make(bundle.target, bundle.actor, partial(self._tell, number))
        except OpsbotError as error:
            self._end(number, error=one_line(str(error), _REASON))
        except Exception as broken:
            log.exception("a bundle broke", target=bundle.target)
            self._end(number, error=one_line(f"{type(broken).__name__}: {broken}", _REASON))
        else:
            self._book.files[number] = name
            file, parts = f"{folder_of(packed.wall)}.tar.gz", tuple(map(line_of, packed.pieces))
            self._end(number, parts=parts, name=file, size=packed.size, sha256=packed.sha256)
        finally:
            self._tasks.pop(number, None)

    def _end(self, number: int, **how: Any) -> None:
        self._book.put(replace(self._book.bundles[number], over=True, **how))

    def _tell(self, number: int, line: PartLine) -> None:
        bundle = self._book.bundles[number]
        parts = tuple(line if part.file == line.file else part for part in bundle.parts)
        self._book.put(replace(bundle, parts=parts))

    async def _forget(self) -> None:
        over = [number for number, bundle in self._book.bundles.items() if bundle.over]
        for number in over[: max(0, len(self._book.bundles) + 1 - REMEMBERED)]:
            del self._book.bundles[number]
            name = self._book.files.pop(number, None)
            if name is not None:
                await self.maker.drop(name)

    # -- profiles

    async def profile(self, target: str, seconds: int, actor: Actor) -> Profile:
        """Where the target spends its time."""
        known_target(self.maker.ops.pipeline.state, target)
        if not 1 <= seconds <= MOST_SECONDS:
            raise UsageError(f"A profile takes from 1 to {MOST_SECONDS} seconds.")
        if why := self._no_profile(target):
            await self.ask(Recorded(actor, "profile", target, "refused", why))
            raise Refused(f"Not now: {why}.")
        self._profiling[target] = actor.name
        try:
            await self.ask(Recorded(actor, "profile", target, "allowed", f"{seconds} s"))
            pid, process = self.maker.sources(target).process()
            await self.maker.threads.run(partial(alive, pid, process))
            return await self.maker.equipment.spy.profile(target, pid or 0, seconds)
        except NotCollected as error:
            raise Refused(f"No profile of {target}: {error}.") from None
        finally:
            del self._profiling[target]

    def _no_profile(self, target: str) -> str:
        equipment = self.maker.equipment
        if not equipment.policy.profile:
            return py_spy.NOT_ALLOWED
        if equipment.spy.missing:
            return py_spy.NOT_INSTALLED
        if target in self._profiling:
            return f"{target} is being profiled, asked by {self._profiling[target]}"
        return ""


def line_of(piece: Piece) -> PartLine:
    """A part as people are told of it."""
    state = PartState.DROPPED if dropped(piece) else PartState.FAILED if piece.why else PartState.DONE
    hidden = sum(piece.hidden.values())
    return PartLine(piece.file, TITLES[piece.file], state, len(piece.data), hidden, piece.why)


def desk_of(ops: Ops, tally: Tally, equipment: Equipment) -> BundleDesk:
    """The part `bundles` of a runtime."""
    return BundleDesk(BundleMaker(ops, tally, equipment), ops.clock, ops.pipeline.ask)
