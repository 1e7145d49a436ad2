"""Sets a log aside by renaming it: `KEEPER` and `REOPEN`. Whoever writes it finishes the old file."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path

from opsbot.domain.process import Running
from opsbot.errors import RotationError
from opsbot.rotation._archive import Archive
from opsbot.rotation._backup import opened_log
from opsbot.rotation._copy import HOLDS_ALL
from opsbot.rotation._safe import Opened, rename_new, same, stat_in
from opsbot.rotation._signals import tell_keeper, tell_target
from opsbot.rotation._threads import in_thread
from opsbot.rotation._writers import Survey, named, still, survey
from opsbot.rotation.base import Aside, LogSpec, RotationContext, Way

CLOSED_SECONDS = {Way.KEEPER: 2.0, Way.REOPEN: 5.0}
"""So long the old file is waited for; a target that is silent keeps it open until its next line."""

PAUSE_SECONDS = 0.02

QUIET_SECONDS = 60.0
"""Where it cannot be seen who writes: a file that was silent for so long is finished."""

_NAMES = 100  # that are tried: another opsbot may take one between two steps


class Renaming:
    """One rotation, done once."""

    def __init__(
        self, spec: LogSpec, archive: Archive, context: RotationContext, way: Way, known: Finished
    ) -> None:
        self._spec, self._archive, self._context, self._way = spec, archive, context, way
        self._known = known
        self._running = context.running()
        self._fd = -1

    async def run(self) -> Aside:
        """
        Raises:
            RotationError: the log is as it was.
        """
        try:
            async with self._context.follows.still(self._spec.path):
                path, before = await in_thread(self._move)
            await self._closed(before)
            wall = self._context.clock.now().wall
            busy = await in_thread(partial(self._known.busy, self._fd, wall))
            return Aside(path, os.fstat(self._fd).st_size, busy=busy)
        finally:
            if self._fd >= 0:
                os.close(self._fd)

    def _move(self) -> tuple[Path, Survey]:
        """In one go, so that nobody who cancels leaves a renamed log of which its writer does not know."""
        with opened_log(self._spec) as log:
            self._fd = os.dup(log.fd)
            before = self._known.begin(log.fd)
            path = self._rename(log)
            if self._way is Way.REOPEN:
                _make_anew(log)
            tell(self._spec, self._running, self._context.clock.boot_id)
            return path, before

    def _rename(self, log: Opened) -> Path:
        for _ in range(_NAMES):
            path = self._archive.aside_path(in_archive=False)
            try:
                rename_new(log.folder_fd, log.name, path.name)
            except FileExistsError:
                continue
            except OSError as error:
                why = error.strerror or error
                raise RotationError(f"{log.path} could not be renamed ({why}): {HOLDS_ALL}.") from None
            if same(stat_in(log.folder_fd, path.name), log.stat):
                return path
            with suppress(OSError):
                rename_new(log.folder_fd, path.name, log.name)
            raise RotationError(f"{log.path} was exchanged while it was rotated: try again.")
        raise RotationError(f"Another opsbot rotates {log.path} just now: {HOLDS_ALL}.")

    async def _closed(self, before: Survey) -> None:
        """Returns when those who had the file open have closed it, or after a time. Real seconds: processes
        do not live in an injected clock's."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + CLOSED_SECONDS[self._way]
        while await in_thread(partial(still, before.writers, self._fd)) and loop.time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(PAUSE_SECONDS)  # there is no event


def tell(spec: LogSpec, running: Running | None, boot_id: str) -> None:
    """Whoever writes the log is told that it was renamed. Telling it twice does no harm."""
    if running and spec.owned:
        tell_keeper(running)
    elif running and spec.reopen_signal:
        with suppress(PermissionError):  # it goes on in the old file, which says so
            tell_target(running.process, spec.reopen_signal, boot_id)


class Finished:
    """Knows of renamed logs whether they are finished, and remembers of which the writers were seen: when
    these have closed it, nobody else need be seen."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def begin(self, fd: int) -> Survey:
        """Who writes to the open log before it is renamed."""
        self._seen.discard(_key(fd))  # an inode is used again
        return self._look(fd)

    def busy(self, fd: int, wall: float) -> str:
        """Who writes to a renamed log yet, for people; empty when it is finished. `wall`: now, in seconds
        since 1970."""
        seen = self._look(fd)
        if seen.writers:
            line = "" if _ends_line(fd) else ", and is in the midst of a line"
            return f"{named(seen.writers)} has it open until its next line in the new log{line}"
        if _key(fd) in self._seen or not seen.hidden or wall - os.fstat(fd).st_mtime >= QUIET_SECONDS:
            return ""
        return f"it cannot be seen who writes to it ({seen.hidden}), and it was not yet silent for a minute"

    def _look(self, fd: int) -> Survey:
        seen = survey(fd)
        if seen.writers:
            self._seen.add(_key(fd))
        return seen


def _key(fd: int) -> tuple[int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino


def _ends_line(fd: int) -> bool:
    size = os.fstat(fd).st_size
    return not size or os.pread(fd, 1, size - 1) == b"\n"


def _make_anew(log: Opened) -> None:
    """An empty log like the old one, at once with its owner and mode, unless the target was faster: who may
    write a log is not always allowed to make one."""
    if os.geteuid() not in (0, log.stat.st_uid):
        return
    with suppress(OSError, AttributeError):  # where it does not work the target does it, as it did before
        flags = os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC
        fd = os.open(".", flags, 0o600, dir_fd=log.folder_fd)
        try:
            os.fchown(fd, log.stat.st_uid, log.stat.st_gid)
            os.fchmod(fd, stat.S_IMODE(log.stat.st_mode) & 0o777)
            os.link(f"/proc/self/fd/{fd}", log.name, dst_dir_fd=log.folder_fd, follow_symlinks=True)
        finally:
            os.close(fd)
