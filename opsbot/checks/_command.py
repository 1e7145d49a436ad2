"""Finds a process by its command line, seeing through wrappers."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from opsbot.checks import _proc

_RUNNERS = frozenset({"poetry", "uv", "pipenv", "hatch", "pdm", "rye", "pixi"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash"})
_PLAIN_WRAPPERS = frozenset({"exec", "nohup", "setsid", "env", "sudo", "nice", "ionice", "stdbuf", "time"})
_OPTIONS_WITH_VALUE = frozenset({"-n", "-u", "-g", "-o", "-e", "-i", "-c", "--project", "--directory"})
_PYTHON = re.compile(r"python(?:\d+(?:\.\d+)*)?$")
_PYTHON_FLAGS = re.compile(r"-[BEIOPRSbdiqsuvx]+$")
_PYTHON_FLAGS_WITH_VALUE = ("-W", "-X")


def words(command: str | Sequence[str]) -> list[str]:
    """The command that is really run: `poetry run`, `uv run`, `sh -c "…"`, `nohup`, `env A=b` and the like
    are taken off, however they are stacked."""
    parts = shlex.split(command) if isinstance(command, str) else list(command)
    while parts:
        inner = _unwrapped(parts)
        if inner is None or not inner:
            return parts
        parts = inner
    return parts


def _unwrapped(parts: list[str]) -> list[str] | None:
    name = PurePath(parts[0]).name
    if name in _RUNNERS and "run" in parts[1:]:
        return _without_options(parts[parts.index("run", 1) + 1 :])
    if name in _SHELLS and "-c" in parts[1:-1]:
        return shlex.split(parts[parts.index("-c", 1) + 1])
    if name in _PLAIN_WRAPPERS:
        return _without_options(parts[1:])
    return None


def _without_options(parts: list[str]) -> list[str]:
    while parts and (parts[0].startswith("-") or re.match(r"[A-Za-z_]\w*=", parts[0])):
        parts = parts[2:] if parts[0] in _OPTIONS_WITH_VALUE else parts[1:]
    return parts


def matches(wanted: Sequence[str], argv: Sequence[str]) -> bool:
    """Whether a process with the arguments `argv` runs the command `wanted` (with more arguments at its
    end, perhaps). A bare executable is compared by its name, a path in full; any Python is a `python`."""
    if not wanted or not argv or not _same_program(wanted[0], argv[0]):
        return False
    mine, theirs = list(wanted[1:]), list(argv[1:])
    if _PYTHON.match(PurePath(argv[0]).name):
        mine, theirs = _without_python_flags(mine), _without_python_flags(theirs)
    return theirs[: len(mine)] == mine


def find(command: Sequence[str], cwd: str = "", among: Iterable[int] | None = None) -> list[int]:
    """The pids that run the (unwrapped) command, roots only: a fork of one of them, which has the same
    command line, is not listed. Never opsbot itself. The oldest first."""
    me = os.getpid()
    found = {
        pid
        for pid in (_proc.pids() if among is None else among)
        if pid != me and matches(command, _proc.command_line(pid))
    }
    if cwd:
        found = {pid for pid in found if _same_folder(_proc.working_directory(pid), cwd)}
    roots = [pid for pid in found if _proc.parent(pid) not in found]
    aged = [(ticks, pid) for pid in roots if (ticks := _proc.start_ticks(pid)) is not None]
    return [pid for _, pid in sorted(aged)]


def _same_program(wanted: str, actual: str) -> bool:
    if "/" in wanted:
        return os.path.realpath(wanted) == os.path.realpath(actual) or wanted == actual
    name = PurePath(actual).name
    return name == wanted or (bool(_PYTHON.match(wanted)) and bool(_PYTHON.match(name)))


def _without_python_flags(arguments: list[str]) -> list[str]:
    while arguments and arguments[0].startswith("-"):
        if arguments[0] in _PYTHON_FLAGS_WITH_VALUE:
            arguments = arguments[2:]
        elif _PYTHON_FLAGS.match(arguments[0]) or arguments[0].startswith(_PYTHON_FLAGS_WITH_VALUE):
            arguments = arguments[1:]
        else:
            break
    return arguments


def _same_folder(one: str, other: str) -> bool:
    return bool(one) and os.path.realpath(one) == os.path.realpath(other)
