"""The last look at every line of opsbot's own log, whoever wrote it (discord.py and aiohttp too).

No value can begin a second line, move a terminal's cursor or show a secret. Of a traceback the lines stay,
each set in, so that none of them can be taken for a line of the log.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from opsbot.text import printable

_MARGIN = "    | "


def guard(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A processor of structlog: the last before the renderer."""
    broken = _traceback(event.pop("exc_info", None))
    lines = [str(event.pop(key)) for key in ("exception", "stack") if event.get(key)]
    safe = {_flat(str(key)): _safe(value) for key, value in event.items()}
    if broken or lines:
        safe["exception"] = _set_in("\n".join([*lines, broken]).strip("\n"))
    return safe


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_flat(str(key)): _safe(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(inner) for inner in value]
    return _flat(value if isinstance(value, str) else repr(value))


def _flat(text: str) -> str:
    """One line; its breaks are shown as such."""
    return printable(text).replace("\n", "\\n")


def _set_in(text: str) -> str:
    return "\n".join(f"{_MARGIN}{line}" for line in printable(text).split("\n"))


def _traceback(given: Any) -> str:
    """`given`: whatever logging takes as `exc_info`."""
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if not isinstance(error, BaseException):
        return ""
    return "".join(traceback.format_exception(error))
