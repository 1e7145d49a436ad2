"""Commands that change something: by the running opsbot if one runs, else under the lock for their moment."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from opsbot.cli.printing import print_answer
from opsbot.config.peek import locate, state_dir
from opsbot.control.client import ask, running
from opsbot.errors import StateLocked, UsageError

SOON_TRIES, SOON_PAUSE = 50, 0.1
"""An opsbot that starts just now is looked for so often, so many seconds apart."""


Seen = Callable[[dict[str, Any]], object]


def act_command(
    config: Path | None, request: dict[str, Any], *, as_json: bool = False, seen: Seen | None = None
) -> int:
    """Carries out a request and prints the answer; returns the exit code. `seen`: told each of its lines."""
    file = locate(os.environ, Path.cwd()) if config is None else config
    folder = state_dir(file, os.environ)
    link = running(folder)
    if link is None:
        try:
            return _alone(file, request, as_json=as_json, seen=seen)
        except StateLocked:  # by one that does not listen yet, or by another command
            link = _soon(folder)
            if link is None:
                raise
    return print_answer(_told(ask(link, request), seen), as_json=as_json)


def reload_command(config: Path | None, *, dry: bool) -> int:
    """Has the running opsbot read its file anew; returns the exit code.

    Raises:
        UsageError: none runs, so that there is nobody to tell.
    """
    file = locate(os.environ, Path.cwd()) if config is None else config
    folder = state_dir(file, os.environ)
    link = running(folder)
    if link is None:
        raise UsageError(
            f"no opsbot runs on {folder}: it reads the file when it starts (and a changed `state_dir` takes "
            f"effect only then). `opsbot check-config` looks at the file now."
        )
    return print_answer(ask(link, {"verb": "reload", "dry": dry}))


def running_command(
    config: Path | None, request: dict[str, Any], *, as_json: bool = False, needed: bool = True
) -> int:
    """Has the running opsbot carry out a request; returns the exit code. `needed`: none runs is a failure.

    Raises:
        UsageError: none runs, and one is needed.
    """
    file = locate(os.environ, Path.cwd()) if config is None else config
    folder = state_dir(file, os.environ)
    link = running(folder)
    if link is not None:
        return print_answer(ask(link, request), as_json=as_json)
    if needed:
        raise UsageError(
            f"no opsbot runs on {folder}, so there is nobody to tell: start it with `opsbot run`, or add "
            f"`--if-running` where that is no failure."
        )
    print(f"No opsbot runs on {folder}: nobody is told.")
    return 0


def _soon(folder: Path) -> socket.socket | None:
    for _ in range(SOON_TRIES):
        if link := running(folder):
            return link
        time.sleep(SOON_PAUSE)
    return None


def _told(lines: Iterable[dict[str, Any]], seen: Seen | None) -> Iterator[dict[str, Any]]:
    for line in lines:
        if seen is not None:
            seen(line)
        yield line


def _alone(file: Path | None, request: dict[str, Any], *, as_json: bool, seen: Seen | None = None) -> int:
    """The same without a running opsbot: this process is opsbot as long as it takes."""
    import asyncio

    from opsbot.app import answer_alone
    from opsbot.config.load import load

    settings = load(file)
    code = 1

    def show(line: dict[str, Any]) -> None:
        nonlocal code
        code = print_answer(_told([line], seen), as_json=as_json, before=code)

    asyncio.run(answer_alone(settings, request, show))
    return code
