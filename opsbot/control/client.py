"""The command line's side. Standard library only and few imports: it must answer at once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOCKET = "control.sock"
"""Name of the socket in the state directory."""

TIMEOUT = 120.0
"""Seconds without any line after which the running opsbot counts as stuck."""


def running(state_dir: Path) -> socket.socket | None:
    """A connection to the opsbot that runs on a state directory, or None when none does."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(TIMEOUT)
    try:
        link.connect(short_path(state_dir / SOCKET))
    except OSError:
        link.close()
        return None
    return link


def short_path(path: Path) -> str:
    """The path, relative to the current folder where it would be too long for a socket address (108 bytes
    on Linux, unix(7))."""
    whole = str(path.absolute())
    return whole if len(whole.encode()) < 100 else str(path)


def ask(link: socket.socket, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Sends a request and yields the lines of the answer. Closes the connection at the end."""
    with link, link.makefile("rw", encoding="utf-8", newline="\n") as stream:
        stream.write(json.dumps(request) + "\n")
        stream.flush()
        for line in stream:
            yield json.loads(line)
