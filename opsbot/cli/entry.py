"""The program's entry point.

`opsbot health` is called by cron, Nagios and Docker every few seconds, and building the whole command line
costs more than the answer. So a plain `health` is read here; whatever is not goes to the command line proper.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from opsbot.cli import SHORTEST_WATCH
from opsbot.cli.garbage import spare_the_start
from opsbot.errors import OpsbotError


def main() -> None:
    """Runs the command: what opsbot itself says is wrong is one sentence, Ctrl-C is no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, TextIOWrapper
        ):  # a mark that the terminal's encoding lacks is no reason to fail
            stream.reconfigure(errors="replace")
    try:
        sys.exit(_command(sys.argv[1:]))
    except OpsbotError as wrong:
        _complain(f"opsbot: {wrong}")
        sys.exit(wrong.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `opsbot health | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception:  # a mistake in opsbot: its traceback may quote whatever was at hand
        import traceback

        _complain(traceback.format_exc().rstrip())
        sys.exit(1)


def _complain(text: str) -> None:
    """May quote a file or another program."""
    from opsbot.text import printable

    print(printable(text), file=sys.stderr)


def _command(words: list[str]) -> int:
    spare_the_start()
    # structlog imports rich, 8 MB, for tracebacks that it never draws here (`log_guard` writes them).
    # So there is no rich, but for the one command that imports it itself.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    plain = plain_health(words[1:]) if words[:1] == ["health"] else None
    if plain is None:
        from opsbot.cli.main import app
        from opsbot.cli.misread import call

        return call(app, words)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")  # opsbot has none; looking for them costs 40 ms
    from opsbot.cli.health import health_command

    return health_command(**plain)


def plain_health(words: list[str]) -> dict[str, Any] | None:
    """The arguments of `health_command`, or None when there is anything that the command line proper must
    read (help, mistakes, spellings that are not known here)."""
    named = os.environ.get("OPSBOT_CONFIG")
    plain: dict[str, Any] = {
        "target": None,
        "config": Path(named) if named else None,
        "as_json": False,
        "watch": None,
    }
    values: dict[str, tuple[str, Callable[[str], Any]]] = {
        "-c": ("config", Path),
        "--config": ("config", Path),
        "--watch": ("watch", _seconds),
    }
    rest = iter(words)
    for word in rest:
        if word in values:
            key, read = values[word]
            plain[key] = read(next(rest, ""))
            if plain[key] is None:
                return None
        elif word == "--json":
            plain["as_json"] = True
        elif not word.startswith("-") and plain["target"] is None:
            plain["target"] = word
        else:
            return None
    return plain


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if seconds >= SHORTEST_WATCH else None
