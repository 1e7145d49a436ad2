"""Makes bundles: collects, packs, and keeps those that belong to an incident."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from opsbot import __version__, redact
from opsbot.diagnostics.attachments import Attachments, NoPlace
from opsbot.diagnostics.base import NotCollected, Piece
from opsbot.diagnostics.equipment import Equipment
from opsbot.diagnostics.packing import Packed, pack
from opsbot.diagnostics.process import suspects
from opsbot.diagnostics.threads import Threads
from opsbot.domain.actor import Actor
from opsbot.runtime.bundle_sources import Sources
from opsbot.runtime.collecting import Tell, collect
from opsbot.runtime.ops import Ops
from opsbot.runtime.tally import Tally
from opsbot.text import one_line

AT_ONCE = 2
"""Bundles that are made at the same time; others wait for their turn."""

NO_FILES = "this opsbot keeps no files, so it makes no bundles"

_NAME = 200

log = structlog.get_logger("opsbot.diagnostics")


@dataclass(slots=True)
class BundleMaker:
    """For people and for incidents alike."""

    ops: Ops
    tally: Tally
    equipment: Equipment
    threads: Threads = field(default_factory=Threads)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def sources(self, target: str) -> Sources:
        """Where its parts come from."""
        return Sources(target, self.ops, self.tally, self.equipment, self.threads)

    async def make(self, target: str, actor: Actor, tell: Tell) -> tuple[str, Packed]:
        """Makes a bundle and returns the name under which it lies among the attachments, which is not yet its
        own. `tell`: how far each part is.

        Raises:
            NoPlace, NotCollected: it cannot be written, or nothing fits; one clause that says why.
        """
        async with self._turn:
            sources = self.sources(target)
            found = await self.threads.run(partial(suspects, *sources.process()))
            with redact.hidden(found):
                pieces = await collect(sources.all(), self.threads, self.ops.clock, tell)
                about = {
                    "target": one_line(target, _NAME),
                    "asked_by": one_line(f"{actor.name} ({actor.kind.value})", _NAME),
                    "opsbot": __version__,
                }
                return await self.threads.run(partial(self._written, pieces, about))

    def _written(self, pieces: list[Piece], about: dict[str, Any]) -> tuple[str, Packed]:
        wall, most = self.ops.clock.now().wall, self.equipment.policy.most_bytes
        name, descriptor = self.attachments.new()
        try:
            with os.fdopen(descriptor, "w+b") as file:
                packed = pack(wall, pieces, about, most, file)
                file.flush()
                os.fsync(file.fileno())
        except BaseException as error:
            self.attachments.remove(name)
            if isinstance(error, OSError):
                raise NoPlace(f"the bundle cannot be written: {error.strerror}") from None
            raise
        return name, packed

    async def take(self, made: str) -> bytes:
        """The file, which is gone then.

        Raises:
            NoPlace, FileNotFoundError: it is not there.
        """
        return await self.threads.run(partial(self._taken, made))

    def _taken(self, made: str) -> bytes:
        try:
            return self.attachments.read(made, self.equipment.policy.most_bytes)
        finally:
            self.attachments.remove(made)

    async def keep(self, made: str, wanted: str) -> str:
        """Gives a bundle its own name among the attachments, for good, and returns that.

        Raises:
            NoPlace: it cannot.
        """
        name = await self.threads.run(partial(self.attachments.keep, made, wanted))
        await self.tidy()
        return name

    async def drop(self, made: str) -> None:
        """Nobody wants it any more."""
        await self.threads.run(partial(self.attachments.remove, made))

    async def tidy(self) -> None:
        """Removes attachments that are too old or too many."""
        if self.equipment.folder is None:
            return
        try:
            gone = await self.threads.run(partial(self.attachments.tidy, self.equipment.policy))
        except (NoPlace, NotCollected) as error:
            log.warning("old attachments stay for now", reason=str(error))
        else:
            if gone:
                log.info("old attachments are removed", count=gone)

    @property
    def attachments(self) -> Attachments:
        """Where the files are.

        Raises:
            NoPlace: nowhere.
        """
        if self.equipment.folder is None:
            raise NoPlace(NO_FILES)
        return Attachments(self.equipment.folder)
