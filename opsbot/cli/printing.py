"""Printing answers: marks in colour on a terminal, plain elsewhere and with NO_COLOR (no-color.org)."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Any

from opsbot.text import printable

COLOURS = {"✓": 32, "⚠": 33, "✗": 31, "?": 90}
"""SGR codes: green, yellow, red, grey."""


def coloured(text: str) -> str:
    """The text with each line's leading mark in its colour, where the terminal shows colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    colour = COLOURS.get(line[:1])
    return f"\x1b[1;{colour}m{line[0]}\x1b[0m{line[1:]}" if colour else line


def show_progress(text: str) -> None:
    """How far something is, on the terminal's last line until the next line comes; nowhere else."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{printable(text)[:width]}", end="", flush=True)


def print_answer(lines: Iterable[dict[str, Any]], *, as_json: bool = False, before: int = 1) -> int:
    """Prints the lines of an answer as they come; returns the exit code. What came over the socket is drawn
    already, but it is the terminal's last gate: nothing in it may move the cursor. `before`: the exit code
    if no line says one."""
    code = before
    for line in lines:
        code = line.get("exit", code)
        show_progress(str(line.get("progress", "")))
        if "error" in line:
            print(f"opsbot: {printable(str(line['error']))}", file=sys.stderr)
        elif as_json and "data" in line:
            print(json.dumps(line["data"], indent=2))
        elif "text" in line:
            print(coloured(printable(str(line["text"]))))
        sys.stdout.flush()
    return code
