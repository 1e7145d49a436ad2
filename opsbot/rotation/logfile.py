"""One target's log, set aside without losing a line."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from opsbot.domain.process import Running
from opsbot.errors import RotationError
from opsbot.logs.sparse import first_data
from opsbot.rotation import _backup, _cut, _ways
from opsbot.rotation._archive import Archive
from opsbot.rotation._copy import end_killed
from opsbot.rotation._foreign import sibling
from opsbot.rotation._head import HeadRotation
from opsbot.rotation._names import COPIED, ours
from opsbot.rotation._rename import Finished, Renaming, tell
from opsbot.rotation._safe import NotThere, Opened, folder, open_file
from opsbot.rotation._threads import in_thread
from opsbot.rotation._writers import Survey, survey
from opsbot.rotation.base import Archived, Aside, LogSpec, Plan, RotationContext, Way
from opsbot.text import ago


class LogRotator:
    """The port's `Rotator` over real files."""

    def __init__(self, spec: LogSpec, context: RotationContext) -> None:
        self.spec, self._context = spec, context
        self._archive = Archive(spec, context.clock)
        self._finished = Finished()
        self._able: dict[int, _cut.Abilities] = {}

    async def size(self) -> int | None:
        return await in_thread(self._size)

    async def plan(self) -> Plan:
        return await in_thread(partial(self._plan, self._context.running()))

    async def set_aside(self, plan: Plan) -> Aside:
        if plan.way in (Way.KEEPER, Way.REOPEN):
            renaming = Renaming(self.spec, self._archive, self._context, plan.way, self._finished)
            return await renaming.run()
        seen, able = await in_thread(self._seen)
        cutting = _ways.cutting(plan.way, seen, able, self._context.clock)
        return await HeadRotation(self.spec, self._archive, cutting, able).run(self._context.follows)

    async def asides(self) -> list[Aside]:
        found = await in_thread(self._asides)
        if any(aside.busy for aside in found):  # a killed opsbot may have renamed and not told it
            tell(self.spec, self._context.running(), self._context.clock.boot_id)
        return found

    async def compress(self, aside: Aside, progress: Callable[[float], None]) -> Archived:
        if busy := await in_thread(partial(self._busy, aside)):
            raise RotationError(f"{aside.path} is not compressed yet: {busy}.")
        async with self._context.follows.still(self.spec.path):
            pass  # whoever follows the log has it open from now on, also when others renamed logs meanwhile
        archived = await self._archive.compress(aside, progress)
        await in_thread(partial(self._drop_backups, aside))
        return archived

    async def prune(self, keep: int | None = None) -> list[Path]:
        return await in_thread(partial(self._archive.prune, keep))

    async def backup(self) -> str:
        return await _backup.backup(self.spec, self._context.clock, await self._known_to_append())

    async def close(self) -> None:
        await self._archive.close()

    def _size(self) -> int | None:
        with suppress(NotThere), _backup.opened_log(self.spec) as log:
            return _size(log)
        return None

    def _plan(self, running: Running | None) -> Plan:
        with _backup.opened_log(self.spec) as log:
            self._refuse_foreign(log)
            size = _size(log)
            if plan := _ways.by_rename(self.spec, running, size):
                return plan
            seen, able = survey(log.fd), self._abilities(log)
            return _ways.by_cut(seen, able, log.stat.st_dev, size)

    def _refuse_foreign(self, log: Opened) -> None:
        if self.spec.foreign:
            return
        if found := sibling(log.folder_fd, self.spec, self._context.clock.now().wall):
            name, age = found
            raise RotationError(
                f"{log.path} is left alone, for something else rotates it already ({name}, written "
                f"{ago(age)}): set `rotate.foreign: true` if opsbot is to rotate it all the same."
            )

    def _seen(self) -> tuple[Survey, _cut.Abilities]:
        with _backup.opened_log(self.spec) as log:
            return survey(log.fd), self._abilities(log)

    def _abilities(self, log: Opened) -> _cut.Abilities:
        device = log.stat.st_dev
        if device not in self._able:
            self._able[device] = _cut.abilities(log.folder_fd, device)
        return self._able[device]

    def _asides(self) -> list[Aside]:
        try:
            self._end_killed()
            return [replace(aside, busy=self._busy(aside)) for aside in self._archive.asides()]
        except OSError as error:
            raise RotationError(
                f"What earlier rotations left in {self.spec.archive_dir} cannot be read: {error.strerror}."
            ) from None

    def _end_killed(self) -> None:
        with suppress(NotThere), folder(self.spec.archive_dir, alone=True) as archive:
            try:
                with _backup.opened_log(self.spec) as log:
                    end_killed(archive, self.spec.name, log.fd)
            except NotThere:
                end_killed(archive, self.spec.name, None)

    def _busy(self, aside: Aside) -> str:
        """Who has it open yet, for people. A copy nobody has."""
        if self._is_copy(aside):
            return ""
        with suppress(NotThere), folder(aside.path.parent) as descriptor:
            fd, _ = open_file(descriptor, aside.path)
            try:
                return self._finished.busy(fd, self._context.clock.now().wall)
            finally:
                os.close(fd)
        return ""

    def _is_copy(self, aside: Aside) -> bool:
        return bool(ours(COPIED, self.spec.name, [aside.path.name]))

    def _drop_backups(self, aside: Aside) -> None:
        """Hard links to the log itself: the archive has now what they were made for."""
        if self._is_copy(aside):
            with suppress(OSError):
                _backup.drop(self.spec, self.spec.path.stat(follow_symlinks=False).st_ino)

    async def _known_to_append(self) -> bool | None:
        """Whether all who write to the log append; None when that is not known. A crashed service waits for
        its back-up, and looking through everybody's descriptors takes some 20 ms: it has none any more."""
        if self.spec.owned:
            return True
        return await in_thread(self._appends) if self._context.running() else None

    def _appends(self) -> bool | None:
        with suppress(NotThere), _backup.opened_log(self.spec) as log:
            seen = survey(log.fd)
            return False if seen.overwriting else True if seen.writers else None
        return None


def _size(log: Opened) -> int:
    """Bytes of content: without the hole that a writer who does not append has at the head of its log."""
    return log.stat.st_size - first_data(log.fd)
