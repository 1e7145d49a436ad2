"""Who has a file open for writing, and whether every write of theirs goes to its end (proc(5), fdinfo)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

_INITIAL_NAMESPACE = 0xEFFFFFFC  # PROC_PID_INIT_INO of linux/proc_ns.h: all processes of the machine are seen
_NAMED = 3
"""So many writers are named to people."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that may write to the file. `appends`: through O_APPEND only."""

    pid: int
    name: str
    appends: bool

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


@dataclass(frozen=True, slots=True)
class Survey:
    """All that could be seen. `hidden`: why there may be writers that could not, else empty."""

    writers: tuple[Writer, ...]
    hidden: str = ""

    @property
    def overwriting(self) -> tuple[Writer, ...]:
        """Those that do not append."""
        return tuple(writer for writer in self.writers if not writer.appends)


def survey(fd: int) -> Survey:
    """Who writes to the open file. Looks at every process but this one: some milliseconds a hundred."""
    sought, writers, refused = _Sought(fd), [], 0
    for pid in _others():
        try:
            flags = list(sought.by(pid))
        except PermissionError:
            refused += _has_program(pid)
            continue
        if flags:
            writers.append(Writer(pid, _name(pid), all(flag & os.O_APPEND for flag in flags)))
    return Survey(tuple(writers), _hidden(refused))


def still(writers: Iterable[Writer], fd: int) -> list[Writer]:
    """Those that have the open file open for writing yet."""
    sought = _Sought(fd)
    return [writer for writer in writers if sought.is_written_by(writer.pid)]


def named(writers: Iterable[Writer]) -> str:
    """Them, for people."""
    words = [str(writer) for writer in writers]
    return ", ".join([*words[:_NAMED], *["…"] * (len(words) > _NAMED)])


class _Sought:
    """The file of one of our own descriptors, looked for among those of others."""

    def __init__(self, fd: int) -> None:
        self._file = os.fstat(fd)
        self._told = _info("self", str(fd)).get(b"ino")

    def is_written_by(self, pid: int) -> bool:
        try:
            return any(True for _ in self.by(pid))
        except PermissionError:  # it has changed its user meanwhile
            return True

    def by(self, pid: int) -> Iterator[int]:
        """The flags of each descriptor through which a process may write to the file.

        Raises:
            PermissionError: its descriptors may not be seen.
        """
        try:
            numbers = os.listdir(f"/proc/{pid}/fd")
        except (FileNotFoundError, ProcessLookupError):
            return
        for number in numbers:
            with suppress(FileNotFoundError, ProcessLookupError):  # closed, or ended, in between
                if flags := self._flags(pid, number):
                    yield flags

    def _flags(self, pid: int, number: str) -> int:
        """0 when the descriptor is none of the file, or cannot write. Others are told apart before they are
        asked, for some may be of a file system that hangs."""
        path = f"/proc/{pid}/fd/{number}"
        if not os.readlink(path).startswith("/"):
            return 0
        info = _info(pid, number)
        flags = int(info.get(b"flags", b"0"), 8)
        if not flags & os.O_ACCMODE or info.get(b"ino") != self._told:
            return 0
        return flags if os.path.samestat(os.stat(path), self._file) else 0


def _info(pid: int | str, number: str) -> dict[bytes, bytes]:
    """What the kernel tells of a descriptor: `flags`, and since Linux 5.14 `ino`."""
    try:
        with open(f"/proc/{pid}/fdinfo/{number}", "rb") as info:
            return dict(line.split(b":", 1) for line in info if b":" in line)
    except FileNotFoundError:
        return {}


def _others() -> Iterator[int]:
    try:
        names = os.listdir("/proc")
    except OSError:
        return
    yield from (pid for name in names if name.isdecimal() and (pid := int(name)) != os.getpid())


def _has_program(pid: int) -> bool:
    """Threads of the kernel and zombies have no command line, and no files."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as words:
            return bool(words.read(1))
    except OSError:
        return False


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", errors="replace") as name:
            text = name.read().strip()
    except OSError:
        return "a process"
    return "".join(letter if letter.isprintable() else "?" for letter in text) or "a process"


def _hidden(refused: int) -> str:
    if not os.path.isdir("/proc/self"):
        return "this system does not tell who writes to a file"
    if refused:
        return f"{refused} other process{'es' * (refused > 1)} may not be looked at"
    return "" if _sees_all() else "processes outside of opsbot's own container cannot be seen"


def _sees_all() -> bool:
    """Not in a container, nor where /proc is mounted with `hidepid`."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino == _INITIAL_NAMESPACE and os.path.isdir("/proc/1")
    except OSError:
        return False
