"""A rotator in memory: a log that grows, refuses and fails as a test scripts it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from opsbot.clock import Clock
from opsbot.errors import RotationError
from opsbot.rotation.base import Archived, Aside, LogSpec, Plan, Stillness, Way

PARTS = 4
"""So often a compression says how far it is."""

RATIO = 5
"""A service's log gets so many times smaller."""


class Nobody:
    """No follower of a log."""

    def cut(self, bytes_: int, copy: int = -1) -> None:
        """Nobody is moved."""

    def still(self, path: Path) -> AbstractAsyncContextManager[Stillness]:  # noqa: ARG002 - the port's
        """Nobody reads."""
        return nullcontext(self)


@dataclass(slots=True)
class FakeLog:
    """The simulated log and what its rotations left: it outlives a rotator, as files outlive opsbot.

    `size`: bytes, None when it is not there. Script: `refused`: why it must not be rotated, or empty; `way`
    and `warning`: of its plans; `window`: seconds that the next rotations tell; `busy`: who has what is set
    aside open yet, until `finish`; `seconds` that a compression takes; `failures`: see `fail`. What happened:
    `asides`, `archives`, `backups`; `made`: when each of their paths was.
    """

    clock: Clock
    size: int | None = 0
    refused: str = ""
    way: Way = Way.COLLAPSE
    warning: str = ""
    window: float = 0.0
    busy: str = ""
    seconds: float = 0.0
    failures: dict[str, list[RotationError]] = field(default_factory=dict)
    asides: list[Aside] = field(default_factory=list)
    archives: list[Archived] = field(default_factory=list)
    backups: list[Path] = field(default_factory=list)
    made: dict[Path, float] = field(default_factory=dict)

    def write(self, bytes_: int) -> None:
        """The target writes so many bytes."""
        self.size = (self.size or 0) + bytes_

    def finish(self) -> None:
        """Nobody has what was set aside open any more."""
        self.busy = ""
        self.asides = [replace(aside, busy="") for aside in self.asides]

    def fail(self, step: str, error: str) -> None:
        """The next `set_aside`, `compress` or `backup` fails."""
        self.failures.setdefault(step, []).append(RotationError(error))

    def raise_failure(self, step: str) -> None:
        """
        Raises:
            RotationError: it was scripted.
        """
        if self.failures.get(step):
            raise self.failures[step].pop(0)


class FakeRotator:
    """Rotates the log of a `FakeLog`. Several may share one, one after the other."""

    def __init__(self, spec: LogSpec, log: FakeLog) -> None:
        self.spec, self.log = spec, log
        self.closed = False

    async def size(self) -> int | None:
        self._refuse()
        return self.log.size

    async def plan(self) -> Plan:
        self._refuse()
        if self.log.size is None:
            raise RotationError(f"{self.spec.path} does not exist: there is nothing to rotate yet.")
        return Plan(self.log.way, self.log.size, "a test wants it so", self.log.warning)

    async def set_aside(self, plan: Plan) -> Aside:
        await self.plan()
        self.log.raise_failure("set_aside")
        at = self.log.clock.now().wall
        window = self.log.window if plan.way is Way.TRUNCATE else 0.0
        path = self._free(self.spec.path.parent, f"{self.spec.path.name}.{_stamp(at)}")
        aside = Aside(path, self.log.size or 0, window, self.log.busy)
        self.log.made[path] = at
        self.log.asides.append(aside)
        self.log.size = 0
        return aside

    async def asides(self) -> list[Aside]:
        return list(self.log.asides)

    async def compress(self, aside: Aside, progress: Callable[[float], None]) -> Archived:
        now = next((one for one in self.log.asides if one.path == aside.path), None)
        if now is None:
            raise RotationError(f"{aside.path} does not exist any more.")
        if now.busy:
            raise RotationError(f"{aside.path} is not compressed yet: {now.busy}.")
        for part in range(PARTS):
            progress(part / PARTS)
            await self.log.clock.sleep(self.log.seconds / PARTS)
            if self.closed:
                raise RotationError(f"The compression of {aside.path} was ended with opsbot.")
        self.log.raise_failure("compress")
        progress(1.0)
        return self._archive(now)

    async def prune(self, keep: int | None = None) -> list[Path]:
        kept = max(0, self.spec.keep if keep is None else keep)
        oldest = self.log.clock.now().wall - self.spec.max_age
        first = len(self.log.archives) - kept
        stays = [
            one
            for number, one in enumerate(self.log.archives)
            if number >= first and self.log.made[one.path] >= oldest
        ]
        gone = [one.path for one in self.log.archives if one not in stays]
        self.log.archives = stays
        return gone

    async def backup(self) -> str:
        self._refuse()
        self.log.raise_failure("backup")
        if not self.log.size:
            return "no log yet"
        name = f"{self.spec.name}_{_stamp(self.log.clock.now().wall)}.before-restart.log"
        self.log.backups.append(self.spec.archive_dir / name)
        return f"linked to {self.log.backups[-1]}"

    async def close(self) -> None:
        self.closed = True

    def _refuse(self) -> None:
        if self.log.refused:
            raise RotationError(self.log.refused)

    def _archive(self, aside: Aside) -> Archived:
        at = self.log.made[aside.path]
        path = self._free(self.spec.archive_dir, f"{self.spec.name}_{_stamp(at)}", ".log.gz")
        archived = Archived(path, aside.size, aside.size // RATIO)
        self.log.made[path] = at
        self.log.archives.append(archived)
        self.log.asides = [other for other in self.log.asides if other.path != aside.path]
        return archived

    def _free(self, folder: Path, name: str, ending: str = "") -> Path:
        """The first path that nothing had yet."""
        number, path = 1, folder / f"{name}{ending}"
        while path in self.log.made:
            number += 1
            path = folder / f"{name}_{number}{ending}"
        return path


def _stamp(wall: float) -> str:
    return time.strftime("%Y%m%d_%H%M%S", time.localtime(wall))
