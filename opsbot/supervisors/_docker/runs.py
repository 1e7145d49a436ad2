"""What opsbot remembers of a container's runs: one file in the target's folder, 0600, replaced at once."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from opsbot.domain.process import ProcessId
from opsbot.supervisors._docker.container import Container

KEPT = 8
"""So many runs are remembered: enough for a wait that begins late, in a crash loop."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a container, from its start to its end. `generation`: 0 when somebody else started it;
    `asked`: opsbot made it end."""

    container: str
    started_at: str
    process: ProcessId
    generation: int = 0
    asked: bool = False

    def is_of(self, seen: Container) -> bool:
        """Whether a look at the engine saw this very run, or its end."""
        return (self.container, self.started_at) == (seen.id, seen.started_at)


@dataclass(frozen=True, slots=True)
class Intent:
    """A start that was asked for, and whose outcome is not known. `after`: the container's run before it."""

    container: str
    after: str
    generation: int

    def led_to(self, seen: Container) -> bool:
        """Whether a run that nobody has written down yet is what it led to: so a start is known as opsbot's
        own also when its answer was lost, or opsbot was killed before it came."""
        return self.container == seen.id and self.after != seen.started_at


@dataclass(frozen=True, slots=True)
class _Page:
    """The file."""

    runs: tuple[Run, ...] = ()
    intent: Intent | None = None


class Runs:
    """The runs of one target. What cannot be written (a full disk) is remembered until opsbot ends."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "docker.json"
        self._unwritten: _Page | None = None

    def of(self, process: ProcessId) -> Run | None:
        """The run whose main process that is."""
        return next((run for run in self._read().runs if run.process == process), None)

    def seen(self, container: Container) -> Run | None:
        """The run that a look at the engine saw."""
        return next((run for run in self._read().runs if run.is_of(container)), None)

    def met(self, container: Container, process: ProcessId) -> Run:
        """Writes down a run that was found, unless it was before."""
        page = self._read()
        known = self.seen(container)
        if known and known.process == process:
            return known
        intent = page.intent
        generation = intent.generation if intent and intent.led_to(container) else 0
        run = Run(container.id, container.started_at, process, generation)
        others = tuple(each for each in page.runs if not each.is_of(container))
        self._write(_Page((*others, run)[-KEPT:]))
        return run

    def intend(self, container: Container, generation: int) -> None:
        """Before a start."""
        self._write(replace(self._read(), intent=Intent(container.id, container.started_at, generation)))

    def give_up(self) -> None:
        """That start did certainly not happen."""
        self._write(replace(self._read(), intent=None))

    def ask(self, run: Run, *, asked: bool = True) -> None:
        """Before opsbot makes a run end; with `asked=False` after it could not."""
        page = self._read()
        runs = (replace(r, asked=asked) if r.process == run.process else r for r in page.runs)
        self._write(replace(page, runs=tuple(runs)))

    def _read(self) -> _Page:
        if self._unwritten:
            return self._unwritten
        try:
            return _page(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return _Page()

    def _write(self, page: _Page) -> None:
        fresh = self._path.with_suffix(".new")
        self._unwritten = page
        with suppress(OSError):  # a full disk must not keep a service down
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
                json.dump(asdict(page), file)
            fresh.replace(self._path)
            self._unwritten = None


def _page(raw: dict[str, Any]) -> _Page:
    runs = tuple(
        Run(
            container=str(run["container"]),
            started_at=str(run["started_at"]),
            process=ProcessId(**run["process"]),
            generation=int(run["generation"]),
            asked=bool(run["asked"]),
        )
        for run in raw["runs"]
    )
    return _Page(runs, Intent(**raw["intent"]) if raw["intent"] else None)
