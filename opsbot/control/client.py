"""The command line's side. Standard library only and few imports: it must answer at once."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOCKET = "control.sock"
"""Name of the socket in the state directory."""

LONGEST = 100
"""Bytes of a path that every system takes as a socket address (Linux: 107, macOS: 103; unix(7))."""

TIMEOUT = 120.0
"""Seconds without any line after which the running opsbot counts as stuck."""

STUCK = "The running opsbot has not answered for {seconds:g} s: look at its log, and restart it if need be."
GONE = "The running opsbot ended in the middle of its answer: ask again when it runs."


def running(state_dir: Path) -> socket.socket | None:
    """A connection to the opsbot that runs on a state directory, or None when none does."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(TIMEOUT)
    try:
        with address(state_dir / SOCKET) as name:
            link.connect(name)
    except OSError:
        link.close()
        return None
    return link


@contextmanager
def address(path: Path) -> Iterator[str]:
    """The socket's path as a socket address, which holds few bytes: a longer one goes through a descriptor of
    its folder, where there is a /proc."""
    whole = str(path.absolute())
    if len(os.fsencode(whole)) <= LONGEST or not hasattr(os, "O_PATH"):
        yield whole
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ask(link: socket.socket, request: dict[str, Any], patience: float = TIMEOUT) -> Iterator[dict[str, Any]]:
    """Sends a request and yields the lines of the answer, at most `patience` seconds apart; an answer that
    breaks off ends with an error. Closes the connection at the end."""
    link.settimeout(patience)
    line: dict[str, Any] = {}
    try:
        with link, link.makefile("rw", encoding="utf-8", newline="\n") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            for text in stream:
                line = json.loads(text)
                yield line
    except TimeoutError:
        yield {"error": STUCK.format(seconds=patience), "exit": 1}
    except (OSError, ValueError):  # reset, or cut off in the middle of a line
        yield {"error": GONE, "exit": 1}
    else:
        if "exit" not in line:
            yield {"error": GONE, "exit": 1}
