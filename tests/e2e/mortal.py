"""opsbot after opsbot as in `bench.headless`, each killed (-9) by itself at a wanted moment.

Each line on the standard input is the number of that moment, and the folder. Moments are before and after
each commit and each thing that is done to the service, its processes or its log, counted from when the file
`armed` is there. 0: it lives on.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.headless import born, serve_births
from bench.kill_stage import Stage
from opsbot.rotation import _writers
from opsbot.rotation.logfile import LogRotator
from opsbot.stores.resilient import ResilientState
from opsbot.supervisors.process import ProcessSupervisor

POINTS: tuple[tuple[type[Any], str], ...] = (
    (ResilientState, "commit"),
    (ProcessSupervisor, "start"),
    (ProcessSupervisor, "stop"),
    (ProcessSupervisor, "sweep"),
    (LogRotator, "backup"),
    (LogRotator, "set_aside"),
    (LogRotator, "compress"),
    (LogRotator, "prune"),
)
"""Everything that an opsbot without notifiers does to the world because of an action."""


class Mortal:
    """Counts moments; the one with number `at` is its last. The names of those passed go into a file."""

    def __init__(self, at: int, folder: Path) -> None:
        self._at, self._armed, self._passed = at, folder / "armed", folder / "passed"
        self._count = 0
        for owner, name in POINTS:
            setattr(owner, name, self._deadly(getattr(owner, name), name))

    def _deadly(self, real: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(real)
        async def deadly(*args: Any, **kwargs: Any) -> Any:
            self._moment(f"before {name}")
            result = await real(*args, **kwargs)
            self._moment(f"after {name}")
            return result

        return deadly

    def _moment(self, name: str) -> None:
        if self._at and self._armed.exists():
            self._count += 1
            with self._passed.open("a") as passed:
                passed.write(f"{name}\n")
            if self._count == self._at:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalStage(Stage):
    """A stage whose opsbots die as they are told."""

    MOTHER = __name__

    def opsbot(self, at: int = 0) -> int:
        """Starts one that dies at that moment; its pid."""
        for name in ("armed", "passed"):
            (self.folder / name).unlink(missing_ok=True)
        return self._born(f"{at} {self.folder}")

    def arm(self) -> None:
        """From now on moments count."""
        (self.folder / "armed").touch()

    def passed(self) -> list[str]:
        """The moments that counted, in their order."""
        passed = self.folder / "passed"
        return passed.read_text().splitlines() if passed.exists() else []


def become(order: str) -> None:
    at, _, folder = order.partition(" ")
    Mortal(int(at), Path(folder))
    born(Path(folder))


def main() -> None:
    _writers._hidden = lambda refused: ""  # as on a machine of one's own
    serve_births(become)


if __name__ == "__main__":
    main()
