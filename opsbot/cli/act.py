"""Commands that change something: by the running opsbot if one runs, else under the lock for their moment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from opsbot.cli.printing import print_answer
from opsbot.config.peek import locate, state_dir
from opsbot.control.client import ask, running


def act_command(config: Path | None, request: dict[str, Any]) -> int:
    """Carries out a request and prints the answer; returns the exit code."""
    file = locate(os.environ, Path.cwd()) if config is None else config
    link = running(state_dir(file, os.environ))
    return print_answer(ask(link, request)) if link else _alone(file, request)


def _alone(file: Path | None, request: dict[str, Any]) -> int:
    """The same without a running opsbot: this process is opsbot as long as it takes."""
    import asyncio

    from opsbot.app import answer_alone
    from opsbot.config.load import load

    settings = load(file)
    code = 1

    def show(line: dict[str, Any]) -> None:
        nonlocal code
        code = print_answer([line], before=code)

    asyncio.run(answer_alone(settings, request, show))
    return code
