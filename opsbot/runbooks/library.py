"""The folders with runbooks: those that come with opsbot, and a person's own.

Files are read anew when they have changed, so that an edit counts at once. Blocking: to be asked in a thread.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsbot.domain.runbook import Mistake, Runbook
from opsbot.runbooks.places import SHIPPED

ENDING = ".md"
MOST_BYTES = 64 * 1024
MOST_FILES = 200

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", re.ASCII)
Read = Runbook | tuple[Mistake, ...]
_Seen = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Books:
    """What is there. `runbooks`: by name, in its order; `broken`: by name, what is wrong; `mistakes`: all,
    also of folders."""

    runbooks: dict[str, Runbook] = field(default_factory=dict)
    broken: dict[str, tuple[Mistake, ...]] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()


class Library:
    """Reads `folders`; a file replaces one of the same name in a folder before its own."""

    def __init__(self, folders: Sequence[Path] = (SHIPPED,)) -> None:
        self.folders = tuple(folders)
        self._known: dict[Path, tuple[_Seen, Read]] = {}

    def books(self) -> Books:
        """All that is there now. Never raises: what cannot be read is a mistake."""
        found: dict[str, Read] = {}
        mistakes: list[Mistake] = []
        for folder in self.folders:
            try:
                paths = sorted(p for p in folder.iterdir() if _wanted(p))
            except OSError as error:
                why = error.strerror or str(error)
                mistakes.append(Mistake("", str(folder), 0, f"cannot be read ({why}): see `runbooks.dir`."))
                continue
            if len(paths) > MOST_FILES:
                mistakes.append(
                    Mistake("", str(folder), 0, f"only {MOST_FILES} files are read: remove some.")
                )
            found |= {path.stem: self._read(path) for path in paths[:MOST_FILES]}
        self._forget(found)
        broken = {name: read for name, read in sorted(found.items()) if isinstance(read, tuple)}
        mistakes += [mistake for read in broken.values() for mistake in read]
        runbooks = {name: read for name, read in sorted(found.items()) if isinstance(read, Runbook)}
        return Books(runbooks, broken, tuple(mistakes))

    def _read(self, path: Path) -> Read:
        if not _NAME.fullmatch(path.stem):
            text = (
                "a runbook's file is named with letters, digits, - and _, such as `high-cpu.md`: rename it."
            )
            return (Mistake(path.stem, str(path), 0, text),)
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                about = os.fstat(file.fileno())
                seen = (about.st_mtime_ns, about.st_size, about.st_ino)
                if (known := self._known.get(path)) and known[0] == seen:
                    return known[1]
                if not stat.S_ISREG(about.st_mode):
                    return (Mistake(path.stem, str(path), 0, "is no file: remove it."),)
                raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            why = error.strerror or str(error)
            return (Mistake(path.stem, str(path), 0, f"cannot be read: {why}. Let opsbot's user read it."),)
        read = _parsed(path, raw)
        self._known[path] = (seen, read)
        return read

    def _forget(self, found: dict[str, Read]) -> None:
        if len(self._known) > 2 * MOST_FILES:
            self._known = {path: known for path, known in self._known.items() if path.stem in found}


def _wanted(path: Path) -> bool:
    return path.suffix == ENDING and not path.name.startswith(".") and path.stem.casefold() != "readme"


def _parsed(path: Path, raw: bytes) -> Read:
    if len(raw) > MOST_BYTES:
        text = f"has more than {MOST_BYTES // 1024} KB: make several runbooks of it."
        return (Mistake(path.stem, str(path), 0, text),)
    from opsbot.runbooks.markdown import runbook_of  # the parser of Markdown is loaded when it is needed

    try:
        return runbook_of(path.stem, str(path), raw.decode())
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return (Mistake(path.stem, str(path), line, "is not written in UTF-8: save it so."),)
