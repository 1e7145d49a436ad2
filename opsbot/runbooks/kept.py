"""Walks as files, one each: written whole or not at all, and removed when they are old. Blocking."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.walk import Mark, Walk, WalkStep

FOLDER = "walks"
"""Of the state directory."""

OLDEST = 30 * 86_400.0
"""Seconds after its last change for which a walk is kept."""

MOST = 200
"""Walks that are kept; those that were changed longest ago go first."""

MOST_BYTES = 1 << 20

ID = r"[A-Za-z0-9_-]{16}"
"""A walk in a custom_id, and in its file's name."""

_FILE = re.compile(rf"({ID})\.json", re.ASCII)
_HALF = re.compile(rf"{ID}\.json\.new", re.ASCII)

log = structlog.get_logger("opsbot.runbooks")


class KeptWalks:
    """`folder` None: they are kept in memory alone. So are, until the next change, those that cannot be
    written; opsbot's own log says so."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._unwritten: dict[str, Walk] = {}

    def read(self, walk_id: str) -> Walk | None:
        """None when it is not there, or its file is damaged."""
        if not re.fullmatch(ID, walk_id, re.ASCII):
            return None
        if walk_id in self._unwritten or self._folder is None:
            return self._unwritten.get(walk_id)
        return _read(self._folder / f"{walk_id}.json")

    def write(self, walk: Walk) -> None:
        """Keeps it as it is now."""
        if self._folder is None:
            self._unwritten[walk.id] = walk
            return
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            _write(self._folder / f"{walk.id}.json", walk)
            self._unwritten.pop(walk.id, None)
        except OSError as error:
            log.warning("a walk is not kept over a restart", walk=walk.id, reason=str(error))
            self._unwritten[walk.id] = walk

    def all(self) -> list[Walk]:
        """Every one that can be read."""
        found = {path.stem: _read(path) for path in self._files()} | self._unwritten
        return [walk for walk in found.values() if walk is not None]

    def rename(self, names: Mapping[str, str]) -> None:
        """Targets are called otherwise, old → new: walks that go on, go on with them. Doing it again changes
        nothing."""
        for walk in self.all():
            if walk.target in names and not walk.over:
                self.write(replace(walk, target=names[walk.target]))

    def prune(self, now: float) -> None:
        """Removes what is old, beyond the count, or half written. `now`: seconds since 1970 UTC."""
        while len(self._unwritten) > MOST:
            del self._unwritten[next(iter(self._unwritten))]
        aged = sorted(((_changed(path), path) for path in self._files()), reverse=True)
        gone = [path for n, (at, path) in enumerate(aged) if n >= MOST or now - at > OLDEST]
        if self._folder is not None and self._folder.is_dir():
            gone += [path for path in self._folder.iterdir() if _HALF.fullmatch(path.name)]
        for path in gone:
            with suppress(OSError):
                path.unlink()

    def _files(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from [p for p in self._folder.iterdir() if _FILE.fullmatch(p.name)] if self._folder else ()


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _write(path: Path, walk: Walk) -> None:
    fresh = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(replace(walk, remarks=())), file, ensure_ascii=True)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _read(path: Path) -> Walk | None:
    try:
        with os.fdopen(
            os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb"
        ) as file:
            return walk_of(json.loads(file.read(MOST_BYTES)))
    except FileNotFoundError:
        return None
    except (
        OSError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        log.warning("a walk cannot be read", file=path.name, reason=repr(error))
        return None


def walk_of(data: Any) -> Walk:
    """The walk that was written.

    Raises:
        ValueError, KeyError, TypeError: it is damaged.
    """
    incident, ended = data["incident"], data["ended"]
    steps = tuple(map(_step, data["steps"]))
    if not steps:
        raise ValueError("no steps")
    return Walk(
        id=_text(data["id"]),
        runbook=_text(data["runbook"]),
        title=_text(data["title"]),
        digest=_text(data["digest"]),
        target=_text(data["target"]),
        actor=_actor(data["actor"]),
        begun=float(data["begun"]),
        steps=steps,
        incident=None if incident is None else int(incident),
        ended=None if ended is None else float(ended),
        ended_by=None if data["ended_by"] is None else _actor(data["ended_by"]),
    )


def _step(data: Any) -> WalkStep:
    by = data["by"]
    return WalkStep(
        title=_text(data["title"]),
        text=_text(data["text"]),
        ask=_text(data["ask"]),
        mark=Mark(data["mark"]),
        evidence=_text(data["evidence"]),
        by=None if by is None else _actor(by),
        at=float(data["at"]),
        told=None if data["told"] is None else Mark(data["told"]),
    )


def _actor(data: Any) -> Actor:
    return Actor(ActorKind(data["kind"]), _text(data["id"]), _text(data["name"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
