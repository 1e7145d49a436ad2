"""Opening a SQLite file: made 0600, checked, a damaged one put aside, its schema brought up to date.

All of this runs in the thread of the connection.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from opsbot.errors import StoreError, StoreUnavailable
from opsbot.stores._migrations import Migration, migrate, refuse_newer

_SIDE_FILES = ("-wal", "-shm")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY = 0xFF
"""The low byte of an extended result code is the primary one (sqlite.org/rescode.html)."""


READABLE = partial(str, encoding="utf-8", errors="replace")
"""Text as it is read: of a damaged row what can be read, instead of an error that stops all reading."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What a file is to be. `busy`: seconds to wait for another process's lock.

    `check_up_to`: files of at most that many bytes are read whole at open (`quick_check`), greater ones only
    after damage was met. `rescue`: fills a new file from the damaged one.
    """

    path: Path
    steps: tuple[Migration, ...]
    synchronous: str
    busy: float
    check_up_to: int
    rescue: Callable[[sqlite3.Connection, Path], None] | None = None


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A connection; `writable` is False when the file could only be opened for reading."""

    connection: sqlite3.Connection
    writable: bool
    quarantined: Path | None = None


Unusable = sqlite3.Error | UnicodeDecodeError
"""What reading a file may raise: SQLite's own message quotes what is broken, and that may be no text."""


def primary_code(error: Unusable) -> int:
    """SQLite's primary result code; 0 for an error of the Python module itself."""
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY


def is_damage(error: Unusable) -> bool:
    """The file is no database, or a broken one."""
    return primary_code(error) in _DAMAGED


def open_to_write(plan: FilePlan, wall: float, *, suspect: bool = False) -> OpenedFile:
    """Opens or makes the file. `wall`: now, for the name of a damaged one. `suspect`: check it whole.

    Raises:
        StoreUnavailable: cannot be made.
        SchemaTooNew: written by a newer opsbot.
        sqlite3.Error: cannot be opened.
    """
    try:
        if _emptied(plan.path):
            return _replace(plan, wall)
        _make(plan)
        return OpenedFile(_connect(plan, suspect), writable=True)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if not is_damage(error):
            raise
    return _replace(plan, wall)


def _replace(plan: FilePlan, wall: float) -> OpenedFile:
    """Puts a new file in the place of a damaged one, with what could be rescued.

    The new one is finished under a name of its own first: interrupted anywhere, the next opening goes on.
    """
    new = _rescue_path(plan.path)
    try:
        _remove(new)
        if plan.rescue is not None:
            _touch(new)
            connection = _connect(replace(plan, path=new), suspect=False)
            try:
                plan.rescue(connection, plan.path)
            finally:
                connection.close()
        damaged = quarantine(plan.path, wall)
        _make(plan)
    except OSError as error:
        problem = f"{plan.path} is damaged and cannot be put aside: {error.strerror}."
        raise StoreUnavailable(problem) from error
    return OpenedFile(_connect(plan, suspect=False), writable=True, quarantined=damaged)


def _rescue_path(path: Path) -> Path:
    return Path(f"{path}.rescue")


def _remove(path: Path) -> None:
    for side in ("", *_SIDE_FILES):
        Path(f"{path}{side}").unlink(missing_ok=True)


def open_to_read(plan: FilePlan) -> OpenedFile:
    """Opens the file without ever writing to it, on a file system that may be read-only.

    Raises:
        StoreUnavailable: made by an older opsbot, and not brought up to date yet.
        SchemaTooNew: written by a newer opsbot.
        sqlite3.Error: cannot be opened.
    """
    wal = Path(f"{plan.path}-wal")
    # Without a -wal, a read-only directory needs `immutable`: SQLite cannot make its -shm there.
    modes = ("mode=ro",) if wal.exists() and wal.stat().st_size else ("mode=ro", "mode=ro&immutable=1")
    for mode in modes:
        connection = sqlite3.connect(
            f"{plan.path.absolute().as_uri()}?{mode}", uri=True, timeout=plan.busy, isolation_level=None
        )
        connection.text_factory = READABLE
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.Error:
            connection.close()
            if mode is modes[-1]:
                raise
        else:
            break
    _check_schema(connection, plan)
    return OpenedFile(connection, writable=False)


def _check_schema(connection: sqlite3.Connection, plan: FilePlan) -> None:
    try:
        if refuse_newer(connection, plan.steps, str(plan.path)) < len(plan.steps):
            raise StoreUnavailable(f"{plan.path} was made by an older opsbot: start `opsbot run` once.")
    except StoreError:
        connection.close()
        raise


def quarantine(path: Path, wall: float) -> Path:
    """Renames a damaged file and what belongs to it; returns its new name, such as `state.db.corrupt-…Z`."""
    stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%SZ")
    goal, count = Path(f"{path}.corrupt-{stamp}"), 1
    while goal.exists():
        goal, count = Path(f"{path}.corrupt-{stamp}-{count}"), count + 1
    for side in _SIDE_FILES:  # before the file itself: a -wal without its file would be thrown away
        if Path(f"{path}{side}").exists():
            Path(f"{path}{side}").rename(f"{goal}{side}")
    path.rename(goal)
    return goal


def _emptied(path: Path) -> bool:
    """Whether somebody cut the file down to nothing: one of opsbot's own has its schema from its first moment
    on, see `_make`. SQLite would take it for a new one, and numbers would be given a second time."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and not found.st_size


def _make(plan: FilePlan) -> None:
    """The file exists, is ours alone, and is no symbolic link. A new one is finished under another name."""
    path, new = plan.path, Path(f"{plan.path}.new")
    if not os.path.lexists(path):
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _rescue_path(path).exists():  # finished, see `_replace`
                _rescue_path(path).rename(path)
            else:
                _remove(new)
                _touch(new)
                _connect(replace(plan, path=new), suspect=False).close()
                _remove(path)  # a -wal of one that somebody removed would be played into this one
                new.rename(path)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be made: {error.strerror}.") from error
    _touch(path)


def _touch(path: Path) -> None:
    """The file exists, is ours alone, and is no symbolic link."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be opened for writing: {error.strerror}.") from error
    try:
        os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be kept to this user: {error.strerror}.") from error
    finally:
        os.close(descriptor)


def _connect(plan: FilePlan, suspect: bool) -> sqlite3.Connection:
    _check(plan, whole=suspect or plan.path.stat().st_size <= plan.check_up_to)
    connection = sqlite3.connect(plan.path, timeout=plan.busy, isolation_level=None)
    connection.text_factory = READABLE
    try:
        refuse_newer(connection, plan.steps, str(plan.path))
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute(f"PRAGMA synchronous = {plan.synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection, plan.steps, str(plan.path))
    except BaseException:
        connection.close()
        raise
    return connection


def _check(plan: FilePlan, *, whole: bool) -> None:
    """Raises what is wrong with the file, through a connection that changes nothing.

    One that may write would move the -wal into a damaged file when it is closed.
    """
    uri = f"{plan.path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=plan.busy, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0] if whole else "ok"
    finally:
        connection.close()
    if found != "ok":
        damage = sqlite3.DatabaseError(found)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage
