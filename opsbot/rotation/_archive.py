"""A log's archive folder: where logs are set aside, compressed, and pruned."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from opsbot.clock import Clock
from opsbot.errors import RotationError
from opsbot.rotation import _backup
from opsbot.rotation._compress import Compression
from opsbot.rotation._half import sweep
from opsbot.rotation._listing import present
from opsbot.rotation._names import ARCHIVE, COPIED, RENAMED, Kind, Named, names, ours, stamp
from opsbot.rotation._safe import NotThere, folder, stat_in, unlink_in
from opsbot.rotation._strangers import strangers
from opsbot.rotation._threads import in_thread
from opsbot.rotation.base import Archived, Aside, LogSpec

_CLOCK_SET_SECONDS = 3600.0
"""A wall clock that moved so much against the other was set: perhaps wrongly, and what is removed is gone."""


class Archive:
    """What one log's rotations leave. `aside_path`, `asides` and `prune` block: they belong into a thread."""

    def __init__(self, spec: LogSpec, clock: Clock) -> None:
        self._spec, self._clock = spec, clock
        self._offset = self._clock_offset()
        self._made: dict[str, int] = {}
        self._order = itertools.count(1)
        self._running: set[Compression] = set()

    def aside_path(self, in_archive: bool) -> Path:
        """A name that nobody has now: beside the log for a rename, in the archive folder (which is made when
        it is missing) for a copy. Between this and its use somebody else may take it, so rename with
        `_safe.rename_new` and create with `_safe.create_in`, and ask again on FileExistsError. A copy should
        get the log's modification time: its archive has the same.

        Raises:
            RotationError: the folder is not safe, or cannot be made.
        """
        spec, at = self._spec, stamp(self._clock.now().wall)
        where, kind, name = (
            (spec.archive_dir, COPIED, spec.name)
            if in_archive
            else (spec.path.parent, RENAMED, spec.path.name)
        )
        with folder(where, make=in_archive, alone=in_archive) as descriptor:
            for candidate in names(kind, name, at):
                if stat_in(descriptor, candidate) is None:
                    return where / candidate
        raise RotationError(f"{where} has a thousand logs of this second: remove those that nobody needs.")

    def asides(self) -> list[Aside]:
        """What earlier rotations set aside and did not compress, both kinds, the oldest first. A copy may be
        half: whoever made it knows.

        Raises:
            RotationError: a folder is not safe.
        """
        spec = self._spec
        found = [
            *_asides(spec.path.parent, RENAMED, spec.path.name),
            *_asides(spec.archive_dir, COPIED, spec.name),
        ]
        return [aside for _, aside in sorted(found, key=lambda pair: pair[0])]

    async def compress(self, aside: Aside, progress: Callable[[float], None]) -> Archived:
        """As the port has it. The aside's writers must be gone; one that still writes is seen, and an error.
        Backups that are hard links to it go with it."""
        job = Compression(self._spec, aside, self._stamp_of(aside))
        self._running.add(job)
        try:
            archived = await in_thread(job.begin)
            if archived is None:
                await job.work(progress)
                archived = await in_thread(job.finish)
            self._made[archived.path.name] = next(self._order)
            return archived
        except OSError as error:
            raise await in_thread(partial(job.failure, error)) from None
        finally:
            try:
                await in_thread(job.close)
            finally:
                self._running.discard(job)
                job.ended.set()

    def prune(self, keep: int | None = None) -> list[Path]:
        """Removes archives and backups over the count or the age, and halves that nobody works on; returns
        what was removed of the first two. An archive's age is that in its name; an age is not believed while
        the clock has been set since this was made. `keep`: archives to keep.

        Raises:
            RotationError: the folder is not safe, or something in it cannot be removed.
        """
        spec, oldest = self._spec, self._oldest()
        try:
            with suppress(NotThere), folder(spec.archive_dir, alone=True) as archive:
                sweep(archive, ARCHIVE, spec.name)
                made = self._by_age([one for one, _ in present(archive, ARCHIVE, spec.name)])
                over = _over(made, spec.keep if keep is None else keep, oldest)
                removed = [spec.archive_dir / one.name for one in over if unlink_in(archive, one.name)]
                return removed + _backup.prune(spec, oldest)
        except OSError as error:
            raise RotationError(
                f"Old archives in {spec.archive_dir} cannot be removed ({error.strerror}): do it by hand."
            ) from None
        return []

    async def close(self) -> None:
        """Ends what compresses; its caller is told so."""
        running = list(self._running)
        for job in running:
            job.stop()
        for job in running:
            await job.ended.wait()

    def _by_age(self, made: list[Named]) -> list[Named]:
        """The oldest first. What was made here is newest, whatever the clock was then."""
        there = {one.name for one in made}
        self._made = {name: order for name, order in self._made.items() if name in there}
        return sorted(made, key=lambda one: (self._made.get(one.name, 0), one))

    def _oldest(self) -> float:
        """From before when an archive is too old, in seconds since 1970."""
        set_since = abs(self._clock_offset() - self._offset) > _CLOCK_SET_SECONDS
        return -math.inf if set_since else self._clock.now().wall - self._spec.max_age

    def _clock_offset(self) -> float:
        now = self._clock.now()
        return now.wall - now.mono

    def _stamp_of(self, aside: Aside) -> str:
        """The time in its name, for an archive is of when the log was set aside."""
        spec, name = self._spec, aside.path.name
        known = [*ours(RENAMED, spec.path.name, [name]), *ours(COPIED, spec.name, [name])]
        return known[0].stamp if known else stamp(self._clock.now().wall)


def _over(made: list[Named], keep: int, oldest: float) -> list[Named]:
    """Of archives, oldest first: those before the newest `keep`, and those from before `oldest`."""
    first_kept = max(0, len(made) - max(0, keep))
    return made[:first_kept] + [one for one in made[first_kept:] if one.at < oldest]


def _asides(where: Path, kind: Kind, name: str) -> Iterator[tuple[Named, Aside]]:
    with suppress(NotThere), folder(where, alone=kind is COPIED) as descriptor:
        for one, found in present(descriptor, kind, name):
            if _made_by_friends(descriptor, name, found.st_uid):
                yield one, Aside(where / one.name, found.st_size)


def _made_by_friends(folder_fd: int, log: str, owner: int) -> bool:
    """In a folder like /tmp anybody can put a file of such a name: there it is the log's owner's, or nobody's
    business."""
    if next(strangers(folder_fd), None) is None:
        return True
    live = stat_in(folder_fd, log)
    return owner in (0, os.geteuid()) or (live is not None and owner == live.st_uid)
