"""What an engine sends bit by bit: the output of a container, and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opsbot.text import printable

LOG_BYTES = 256 * 1024
"""At most so much of a container's newest output is kept, however long its lines are."""

_HEADER = 8
"""Bytes before each piece of output: stream, three zeros, length (Docker Engine API, ContainerAttach)."""


class LogText:
    """Puts together the newest output of a container. `plain`: it has a terminal, and so one stream without
    headers."""

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain
        self._kept = bytearray()
        self._cut = False
        self._header = bytearray()
        self._left = 0

    def feed(self, chunk: bytes) -> None:
        """The next bytes, cut anywhere."""
        for piece in (chunk,) if self._plain else self._pieces(chunk):
            self._kept += piece
            if len(self._kept) > 2 * LOG_BYTES:
                del self._kept[:-LOG_BYTES]
                self._cut = True

    def lines(self, count: int) -> list[str]:
        """The newest ones, fit to be shown."""
        found = bytes(self._kept[-LOG_BYTES:]).decode("utf-8", errors="replace").split("\n")
        if not found[-1]:
            found.pop()
        if (self._cut or len(self._kept) > LOG_BYTES) and len(found) > 1:
            found = found[1:]  # cut in its middle
        if count <= 0 or not found:
            return []
        return printable("\n".join(line.rstrip("\r") for line in found[-count:])).split("\n")[-count:]

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(chunk):
            if self._left == 0:
                need = _HEADER - len(self._header)
                self._header += chunk[at : at + need]
                at += need
                if len(self._header) == _HEADER:
                    self._left = int.from_bytes(self._header[4:], "big")
                    self._header.clear()
                continue
            piece = chunk[at : at + self._left]
            at, self._left = at + len(piece), self._left - len(piece)
            yield piece


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a container: `kill`, `die`, `oom`, `start`, … `at`: nanoseconds since 1970;
    `code`: exit code of a `die`; `signal`: of a `kill`, empty where the engine does not say (podman)."""

    container: str
    action: str
    at: int
    code: int | None = None
    signal: str = ""


def event_of(line: bytes) -> Event | None:
    """An event from its line of JSON, None when it is not understood."""
    try:
        raw: dict[str, Any] = json.loads(line)
        actor = raw["Actor"]
        said = actor.get("Attributes") or {}
        code = said.get("exitCode")
        action = "die" if raw["Action"] == "died" else str(raw["Action"])  # podman's own word for it
        return Event(
            container=str(actor["ID"]),
            action=action,
            at=int(raw["timeNano"]),
            code=int(code) if action == "die" and code is not None else None,
            signal=str(said.get("signal") or ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
