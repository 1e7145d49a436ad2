"""Numbered SQL files, each applied in one transaction together with its number.

`migrations/<name>/NNNN_what.sql`; the number of the last one applied stands in `PRAGMA user_version`, which
SQLite writes in the same transaction: a process killed midway leaves the old schema or the new one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from opsbot.errors import SchemaTooNew


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema."""

    number: int
    sql: str


@cache
def shipped(name: str) -> tuple[Migration, ...]:
    """The migrations of `state` or `metrics`, in order."""
    return read_folder(files("opsbot.stores") / "migrations" / name)


def read_folder(folder: Traversable) -> tuple[Migration, ...]:
    """The migrations of a folder in order; their numbers count 1, 2, 3, …

    Raises:
        ValueError: a gap or a number used twice.
    """
    found = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    steps = tuple(Migration(int(name[:4]), (folder / name).read_text("utf-8")) for name in found)
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        raise ValueError(f"the migrations do not count 1, 2, 3: {found}")
    return steps


def schema_version(connection: sqlite3.Connection) -> int:
    """The number of the last migration applied; 0 for a new file."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection, steps: tuple[Migration, ...], path: str) -> int:
    """Applies what is missing; returns how many steps that were. Writes nothing when nothing is missing.

    Raises:
        SchemaTooNew: the file was written by a newer opsbot.
        sqlite3.Error: a step failed; the schema is as it was before that step.
    """
    version = refuse_newer(connection, steps, path)
    for step in steps[version:]:
        _apply(connection, step)
    return len(steps) - version


def refuse_newer(connection: sqlite3.Connection, steps: tuple[Migration, ...], path: str) -> int:
    """The schema's version, when these steps know it; writes nothing.

    Raises:
        SchemaTooNew: the file was written by a newer opsbot.
    """
    version = schema_version(connection)
    if version > len(steps):
        raise SchemaTooNew(
            f"{path} was written by a newer opsbot (schema {version}, this one knows {len(steps)}): "
            f"install that version again, or give this one its own directory with `state_dir`."
        )
    return version


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    script = f"BEGIN IMMEDIATE;\n{step.sql}\n;PRAGMA user_version = {step.number};\nCOMMIT;"
    try:
        connection.executescript(script)
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
