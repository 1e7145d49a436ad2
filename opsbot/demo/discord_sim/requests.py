"""The log of every REST request, as Discord's side saw it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from opsbot.demo.discord_sim.changes import Changes

KEPT_REQUESTS = 20_000  # a demo may run for days


@dataclass(slots=True)
class Request:
    """One REST request.

    `at` is CLOCK_MONOTONIC in seconds, read when the request's head had arrived; `status` is None
    while there is no answer, and 0 when the connection was cut instead of an answer.
    """

    method: str
    path: str
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    nonce: str | None = None
    body: Any = None

    def matches(self, method: str, path: str) -> bool:
        """Whether `method` ("*" for any) and `path` (a glob; `*` also spans slashes) fit."""
        return method in ("*", self.method) and fnmatchcase(self.path, path)


class RequestLog(list[Request]):
    """The requests in order of arrival, how many came ever, and how many have no answer yet.

    `answered` are called with each request that got its answer.
    """

    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self._changes = changes
        self.in_flight = 0
        self.arrivals = 0
        self.answered: list[Callable[[Request], None]] = []

    def arrived(self, method: str, path: str) -> Request:
        request = Request(method, path)
        self.append(request)
        del self[:-KEPT_REQUESTS]
        self.arrivals += 1
        self.in_flight += 1
        self._changes.notify()
        return request

    def finished(self, request: Request, status: int) -> None:
        request.status = status
        self.in_flight -= 1
        for listener in self.answered:
            listener(request)
        self._changes.notify()

    def of(self, method: str = "*", path: str = "*") -> list[Request]:
        """The requests that match, oldest first."""
        return [request for request in self if request.matches(method, path)]

    def tail(self, count: int = 12) -> str:
        """The last requests as text, for a failure's message."""
        lines = [f"  {r.method} {r.path} → {r.status}" for r in self[-count:]]
        return "\n".join(lines) or "  (no request at all)"
