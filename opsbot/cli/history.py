"""`opsbot metrics`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from opsbot.cli.csv_file import new_file
from opsbot.cli.printing import print_answer
from opsbot.config.load import load
from opsbot.config.peek import locate, state_dir
from opsbot.control.client import ask, running
from opsbot.errors import UsageError


def history_command(
    config: Path | None, request: dict[str, Any], *, folder: Path | None, as_json: bool
) -> int:
    """Prints the statistics or writes the CSV; returns the exit code.

    Raises:
        UsageError: no opsbot runs, which alone has the history open, or the file cannot be written.
    """
    file = locate(os.environ, Path.cwd()) if config is None else config
    state = state_dir(file, os.environ)
    link = running(state)
    if link is None:
        raise UsageError(
            f"no opsbot runs on {state}: it has the history. `opsbot monitor` measures without one."
        )
    answer = ask(link, {"verb": "metrics", "now": time.time(), **request})
    if not request["csv"]:
        return print_answer(answer, as_json=as_json)
    code = 1
    for line in answer:
        code = line.get("exit", code)
        if "error" in line:
            print_answer([line])
            continue
        folder = folder or load(file, os.environ, watch_only=True).retention.metrics_dir
        with new_file(folder, Path(line["data"]["name"]).name) as out:
            out.write(line["data"]["csv"])
            print(out.name)
    return code
