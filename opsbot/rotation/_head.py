"""Sets a log aside by a copy of its head, which is then cut off: `COLLAPSE` and `TRUNCATE`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import TypeVar

from opsbot.errors import RotationError
from opsbot.rotation._archive import Archive
from opsbot.rotation._backup import opened_log
from opsbot.rotation._copy import HOLDS_ALL, HeadCopy, end_killed
from opsbot.rotation._cut import Abilities
from opsbot.rotation._cutting import Collapsing, Cutting, Punching
from opsbot.rotation._room import no_room
from opsbot.rotation._safe import Opened, folder, reopen
from opsbot.rotation._threads import Brake, in_thread
from opsbot.rotation._writers import named, survey
from opsbot.rotation.base import Aside, Follows, LogSpec, TooSmall

ROUNDS = 8
"""How often what was written meanwhile is copied too, before the cut."""

NAMES = 100
"""Names that are tried: another opsbot may take one between two steps."""

LITTLE = 1 << 20
"""Bytes: so little may be left when the copying ends and the cut comes."""

SYNC = getattr(os, "fdatasync", os.fsync)  # macOS has only the second

Result = TypeVar("Result")


class HeadRotation:
    """One rotation, done once. `abilities`: of the log's file system."""

    def __init__(self, spec: LogSpec, archive: Archive, cutting: Cutting, abilities: Abilities) -> None:
        self._spec, self._archive = spec, archive
        self._cutting, self._abilities = cutting, abilities
        self._stack = ExitStack()
        self._copy: HeadCopy | None = None
        self._fd = -1

    async def run(self, follows: Follows) -> Aside:
        """
        Raises:
            RotationError: the log is as it was.
        """
        brake = Brake()
        try:
            copy = await in_thread(partial(self._prepare, brake), brake)
            async with follows.still(self._spec.path) as stillness:
                try:
                    return await in_thread(partial(self._cut, copy))
                finally:
                    if copy.is_cut:
                        stillness.cut(self._cutting.moved(copy), copy.fd)
        finally:
            await in_thread(self._stack.close)

    def _prepare(self, brake: Brake) -> HeadCopy:
        """Everything that takes long."""
        spec = self._spec
        log = self._stack.enter_context(opened_log(spec))
        self._fd = reopen(log, os.O_RDWR)
        self._stack.callback(os.close, self._fd)
        folder_fd = self._stack.enter_context(folder(spec.archive_dir, make=True, alone=True))
        try:
            copy = self._new_copy(log, folder_fd)
            self._fill(copy, brake)
            copy.intend()
            SYNC(self._fd)  # the cut writes out what is not yet, and lets the target wait for it
        except OSError as error:
            why = no_room(error, folder_fd, spec.archive_dir, log.stat.st_size)
            raise RotationError(f"{spec.path} was not rotated: {why}") from None
        return copy

    def _new_copy(self, log: Opened, folder_fd: int) -> HeadCopy:
        def make(name: str) -> HeadCopy:
            return HeadCopy(log, folder_fd, name)

        end_killed(folder_fd, self._spec.name, log.fd)
        copy = self._named(make)
        self._stack.callback(copy.close)
        return copy

    def _fill(self, copy: HeadCopy, brake: Brake) -> None:
        for _ in range(ROUNDS):
            reach = self._cutting.reach(self._fd, copy)
            copy.extend(reach, brake)
            if os.fstat(self._fd).st_size - reach < LITTLE:
                break
        if not copy.length:
            size = os.fstat(self._fd).st_size
            raise TooSmall(f"{self._spec.path} is too small to be rotated ({size} bytes): it stays as it is.")

    def _cut(self, copy: HeadCopy) -> Aside:
        path = self._spec.path
        if isinstance(self._cutting, Collapsing):
            self._refuse_overwriting()
        copy.check()
        try:
            window = self._cutting.cut(self._fd, copy)
        except OSError as error:
            copy.is_cut = (
                not copy.is_in_log()
            )  # it has not been seen that both happens, but a copy may be all
            raise RotationError(
                f"{path} could not be cut ({error.strerror or error}): {HOLDS_ALL}."
            ) from None
        copy.is_cut = True
        try:
            self._named(copy.publish)
        except OSError as error:
            raise RotationError(
                f"What was cut off {path} is in {self._spec.archive_dir}, but could not be named there "
                f"({error.strerror or error}): the next rotation does it."
            ) from None
        return Aside(self._spec.archive_dir / copy.name, copy.length, window)

    def _refuse_overwriting(self) -> None:
        """Looks once more who writes: a program that does not append may have opened the log meanwhile."""
        others = survey(self._fd).overwriting
        if not others:
            return
        if not self._abilities.punch:
            raise RotationError(
                f"{named(others)} began to write to {self._spec.path} without appending: {HOLDS_ALL}."
            )
        self._cutting = Punching()

    def _named(self, use: Callable[[str], Result]) -> Result:
        """Uses the first name that is free."""
        for _ in range(NAMES):
            with suppress(FileExistsError):
                return use(self._archive.aside_path(in_archive=True).name)
        raise RotationError(f"Another opsbot rotates {self._spec.path} just now: {HOLDS_ALL}.")
