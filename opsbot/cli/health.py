"""`opsbot health`: from the running opsbot if one runs, else by looking once."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from opsbot.cli.printing import print_answer
from opsbot.config.peek import locate, state_dir
from opsbot.control.client import ask, running
from opsbot.errors import UsageError

CLEAR = "\x1b[2J\x1b[H"
"""Clears a terminal and goes to its first line."""


PATIENCE = 10.0
"""Seconds within which a running opsbot answers; one that does not is stuck."""

UNKNOWN = 3
"""Exit code without a report: 2, as other commands have it, would say that the target is in trouble."""


def health_command(target: str | None, config: Path | None, *, as_json: bool, watch: float | None) -> int:
    """Prints the report, once or every `watch` seconds; returns the exit code of the last one."""
    file = locate(os.environ, Path.cwd()) if config is None else config
    while True:
        lines = list(_answer(file, target))
        if watch is not None and sys.stdout.isatty():
            sys.stdout.write(CLEAR)
        code = print_answer(lines, as_json=as_json)
        if watch is None:
            return code
        time.sleep(watch)


def _answer(file: Path | None, target: str | None) -> Iterator[dict[str, Any]]:
    try:
        for line in _asked(file, target):
            yield line | {"exit": UNKNOWN} if "error" in line else line
    except UsageError as mistake:
        yield {"error": str(mistake), "exit": UNKNOWN}


def _asked(file: Path | None, target: str | None) -> Iterable[dict[str, Any]]:
    request = {"verb": "health", "target": target}
    link = running(state_dir(file, os.environ))
    if link is not None:
        return ask(link, request, PATIENCE)
    from opsbot.cli.look import look_once

    return look_once(file, target)
