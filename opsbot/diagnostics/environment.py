"""The target's environment: every name, but values only of variables that never hold a secret."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import psutil

from opsbot import redact
from opsbot.diagnostics.base import NotCollected
from opsbot.diagnostics.process import alive
from opsbot.domain.process import ProcessId

HARMLESS = frozenset(
    {
        "DEBUG",
        "ENVIRONMENT",
        "HOSTNAME",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "LOG_FILE",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "NODE_ENV",
        "PATH",
        "PORT",
        "PYTHONASYNCIODEBUG",
        "PYTHONDEVMODE",
        "PYTHONFAULTHANDLER",
        "PYTHONHASHSEED",
        "PYTHONPATH",
        "PYTHONUNBUFFERED",
        "SHELL",
        "TZ",
        "VIRTUAL_ENV",
        "WEBHOOK_HOST",
        "WEBHOOK_PORT",
    }
)
"""What helps and is no secret; `diagnostics.environment` adds to it. What is called like a secret is never
told, whoever listed it."""


def environment_of(pid: int | None, known: ProcessId | None) -> dict[str, str]:
    """As it was when the process began.

    Raises:
        NotCollected: it does not run, or opsbot may not look.
    """
    try:
        return alive(pid, known).environ()
    except (psutil.AccessDenied, PermissionError):
        raise NotCollected(
            "opsbot may not read another user's environment: run both as the same user"
        ) from None
    except (psutil.Error, OSError):
        raise NotCollected("the process ended meanwhile") from None


def environment_text(environment: Mapping[str, str], allowed: Collection[str]) -> str:
    """One line a variable. Of a value that is not told its length is, as the guide asks for
    (`echo $DISCORD_TOKEN | wc -c`): whether it is there at all, and whole."""
    lines = [_line(name, environment[name], allowed) for name in sorted(environment)]
    return "\n".join(["# Values are told of harmless variables only", *lines]) + "\n"


def _line(name: str, value: str, allowed: Collection[str]) -> str:
    if (name in HARMLESS or name in allowed) and not redact.is_secret_name(name):
        return f"{name}={value}"
    return f"{name} is set, {len(value)} characters" if value else f"{name} is set, and empty"
