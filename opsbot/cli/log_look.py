"""`opsbot logs`: by the running opsbot if one runs, for it knows the secrets; else by this process."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from opsbot import redact
from opsbot.analysis.analyst import Analyst, subject_of
from opsbot.cli.printing import print_answer
from opsbot.config.load import load
from opsbot.config.peek import locate, state_dir
from opsbot.config.settings import Settings
from opsbot.control.client import ask, running
from opsbot.control.logs import TROUBLE, answer, question_of
from opsbot.domain.target import Target
from opsbot.errors import OpsbotError, UsageError

PATIENCE = 60.0
"""Seconds that the running opsbot may need beyond the question's own, for its turn."""


def logs_command(config: Path | None, request: dict[str, Any], *, as_json: bool) -> int:
    """Prints the answer; returns the exit code, TROUBLE for whatever went wrong."""
    try:
        file = locate(os.environ, Path.cwd()) if config is None else config
        link = running(state_dir(file, os.environ))
        if link is not None:
            lines: Iterable[dict[str, Any]] = ask(link, request, float(request["seconds"]) + PATIENCE)
            return print_answer(map(_trouble, lines), as_json=as_json)
        return asyncio.run(_alone(load(file), request, as_json=as_json))
    except OpsbotError as wrong:
        return print_answer([{"error": str(wrong), "exit": TROUBLE}])


def _trouble(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"exit": TROUBLE} if "error" in line and "exit" in line else line


async def _alone(settings: Settings, request: dict[str, Any], *, as_json: bool) -> int:
    code = TROUBLE
    with redact.hidden(secret.get_secret_value() for secret in settings.secrets):
        async with aclosing(_lines(_target(settings, request.get("target")), request)) as lines:
            async for line in lines:
                code = print_answer([line], as_json=as_json, before=code)
    return code


async def _lines(target: Target, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    question = question_of(request, time.time())
    async with aclosing(Analyst().ask(subject_of(target), question)) as states:
        async for state in states:
            for line in answer(state):
                yield line


def _target(settings: Settings, name: str | None) -> Target:
    named = [target for target in settings.targets if name in (None, target.name)]
    if len(named) == 1:
        return named[0]
    known = ", ".join(target.name for target in settings.targets)
    said = f"there is no target `{name}`: known are" if name else "which target? Known are"
    raise UsageError(f"{said} {known}.")
