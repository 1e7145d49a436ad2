"""What opsbot knows of a unit and systemd does not: for which generation it was started, and whether its end
was asked for. One file, replaced at once, mode 0600."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit, ProcessId
from opsbot.supervisors._records import NO_PROCESS


@dataclass(frozen=True, slots=True)
class Entry:
    """One invocation of the unit, the newest that was seen. `intended`: the generation that is being started
    just now: it belongs to the next invocation, also when opsbot is killed meanwhile."""

    invocation: str = ""
    process: ProcessId = NO_PROCESS
    generation: int = 0
    asked: bool = False
    exit: Exit | None = None
    intended: int = 0


class Book:
    """Reads and writes the entry in a target's folder."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "unit"

    def read(self) -> Entry:
        """The entry; an empty one when there is none that can be read."""
        try:
            return _entry(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            return Entry()

    def seen(self, invocation: str, process: ProcessId) -> Entry:
        """Notes who is the main process of which invocation."""
        old = self.read()
        entry = replace(old, process=process, intended=0)
        if old.invocation != invocation:
            entry = Entry(invocation, process, generation=old.intended)
        if entry != old:
            self._write(entry)
        return entry

    def intend(self, generation: int) -> None:
        """Notes for which generation the unit is being started; 0: it is not any more."""
        self._write(replace(self.read(), intended=generation))

    def ask(self, invocation: str, *, asked: bool = True) -> None:
        """Notes that opsbot makes an invocation end, before it does so; or that it may not."""
        entry = self.read()
        if entry.invocation == invocation:
            self._write(replace(entry, asked=asked))

    def ended(self, process: ProcessId, how: Exit) -> None:
        """Notes how a process ended."""
        entry = self.read()
        if entry.process == process:
            self._write(replace(entry, exit=how))

    def _write(self, entry: Entry) -> None:
        fresh = self._path.with_suffix(".new")
        with suppress(OSError):  # a full disk must not keep a service down; what is noted here is not vital
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
                json.dump(asdict(entry), file)
            fresh.replace(self._path)


def _entry(raw: dict[str, Any]) -> Entry:
    how = raw["exit"]
    return Entry(
        invocation=str(raw["invocation"]),
        process=ProcessId(**raw["process"]),
        generation=int(raw["generation"]),
        asked=bool(raw["asked"]),
        exit=Exit(**{**how, "at": Moment(**how["at"])}) if how else None,
        intended=int(raw["intended"]),
    )
